package io.sallyport.translation.link;

import io.sallyport.translation.plan.AccessLog;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Action.HostChange;
import io.sallyport.translation.plan.Action.PathChange;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.HeaderEdits;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RequestMatch.PathMatch;
import io.sallyport.translation.plan.Retry;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.RouteTable;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.Upstream.Address;
import io.sallyport.translation.plan.Upstream.Discovery;
import io.sallyport.translation.plan.ValueTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// A plan as text for golden files: what is as usual is left out.
final class PlanText {

    private static final Retry USUAL = RetryLinker.link(Optional.empty(), false);

    private final StringBuilder text = new StringBuilder();

    private PlanText() {}

    static String of(ProxyPlan plan) {
        var text = new PlanText();
        plan.listeners().values().forEach(listener -> {
            text.line(0, "listen " + listener.bind() + " at " + listener.address());
            listener.chains().forEach(chain -> text.line(1, match(chain) + tls(chain) + content(chain)));
            listener.logs().requests().forEach(log -> text.line(1, "logs requests: " + log(log)));
            listener.logs().connections().forEach(log -> text.line(1, "logs connections: " + log(log)));
            listener.logs().unmatched().forEach(log -> text.line(1, "logs unmatched: " + log(log)));
        });
        plan.tables().values().forEach(table -> {
            text.line(0, "table " + table.id() + " (server port " + table.serverPort() + ")" + others(table));
            table.sites().values().forEach(text::site);
        });
        plan.upstreams().values().forEach(upstream -> text.line(0, "upstream " + upstream(upstream)));
        return text.text.toString();
    }

    private void line(int depth, String line) {
        text.append("  ".repeat(depth)).append(line).append('\n');
    }

    private void site(Site site) {
        line(1, site.host() + ":" + site.port() + (site.encryption() == Site.Encryption.REQUIRED ? " needs TLS" : ""));
        site.rules().forEach(rule -> line(2, rule(rule)));
    }

    private static String others(RouteTable table) {
        return switch (table.others()) {
            case RouteTable.Others.Missing() -> "";
            case RouteTable.Others.Blocked _ -> ", 502";
            case RouteTable.Others.Passed(var upstream, var _) -> ", else " + upstream;
            case RouteTable.Others.Misdirected(var served, var elsewhere) ->
                ", 421 but for " + served + (elsewhere.isEmpty() ? "" : " without " + elsewhere);
        };
    }

    private static String match(Chain chain) {
        return switch (chain.match()) {
            case Chain.Match.Any() -> "";
            case Chain.Match.AnyEncrypted() -> "any encrypted: ";
            case Chain.Match.PlainHttp() -> "http: ";
            case Chain.Match.Within(var networks) -> networks + ": ";
            case Chain.Match.Direct(int port) -> "direct " + port + ": ";
            case Chain.Match.Rest() -> "rest: ";
            case Chain.Match.Names(var servers, var protocols) ->
                servers + (protocols.isEmpty() ? "" : " " + protocols) + ": ";
        };
    }

    private static String tls(Chain chain) {
        return switch (chain.tls()) {
            case Chain.Tls.None() -> "";
            case Chain.Tls.Terminate tls ->
                "tls " + tls.oldest() + ".." + tls.newest() + " " + tls.certificates() + " " + tls.clients()
                        + (tls.ciphers().isEmpty() ? "" : " " + tls.ciphers())
                        + (tls.curves().isEmpty() ? "" : " " + tls.curves())
                        + (tls.protocols().isEmpty() ? "" : " " + tls.protocols())
                        + " ";
        };
    }

    private static String content(Chain chain) {
        return switch (chain.content()) {
            case Chain.Content.Http http -> "table " + http.table();
            case Chain.Content.Tcp tcp -> "tcp " + tcp.stat() + " -> " + shares(tcp.shares());
        };
    }

    private static String log(AccessLog log) {
        var sink = log.sink().toString();
        for (var usual :
                Map.of(LogDefaults.TEXT, "text", LogDefaults.JSON, "json").entrySet()) {
            sink = sink.replace(usual.getKey().toString(), usual.getValue());
        }
        return sink.replace("\n", "⏎")
                + switch (log.rows()) {
                    case AccessLog.Rows.All() -> "";
                    case AccessLog.Rows.Matching(var expression) -> " if " + expression;
                };
    }

    private static String rule(RouteRule rule) {
        var parts = new ArrayList<String>();
        if (!rule.name().isEmpty()) {
            parts.add("\"" + rule.name() + "\"");
        }
        parts.add(match(rule.match()));
        parts.add(action(rule.action()));
        parts.addAll(headers(rule.headers()));
        if (!(rule.cors() instanceof RouteRule.Cors.None)) {
            parts.add(rule.cors().toString());
        }
        if (!rule.fault().equals(RouteRule.Fault.NONE)) {
            parts.add(rule.fault().toString());
        }
        var origin = rule.provenance().origin();
        parts.add("(" + origin.object().qualifiedName() + " " + origin.path() + ")");
        return String.join(" ", parts);
    }

    private static String match(RequestMatch match) {
        var parts = new ArrayList<String>();
        parts.add(
                switch (match.path()) {
                    case PathMatch.Exact(var path, var strict) -> "= " + path + (strict ? "" : " any case");
                    case PathMatch.Prefix(var prefix, var strict) -> prefix + "*" + (strict ? "" : " any case");
                    case PathMatch.Segments(var prefix) -> prefix + "/*";
                    case PathMatch.Tunnel() -> "CONNECT";
                    case PathMatch.Pattern(var regex) -> "~ " + regex;
                });
        match.headers().forEach(header -> parts.add(sense(header.sense()) + header.name() + test(header.test())));
        match.queries().forEach(query -> parts.add("?" + query.name() + test(query.test())));
        match.claims().forEach(claim -> parts.add("claim " + claim));
        return String.join(" ", parts);
    }

    private static String sense(RequestMatch.Sense sense) {
        return switch (sense) {
            case MUST -> "";
            case MUST_NOT -> "not ";
            case MUST_NOT_MISSING_IS_EMPTY -> "not, or missing, ";
        };
    }

    private static String test(ValueTest test) {
        return switch (test) {
            case ValueTest.Present _ -> " present";
            case ValueTest.Exact exact -> "=\"" + exact.value() + "\"";
            case ValueTest.Prefix prefix -> "=\"" + prefix.prefix() + "\"*";
            case ValueTest.Pattern pattern -> "~\"" + pattern.regex() + "\"";
        };
    }

    private static String action(Action action) {
        return switch (action) {
            case Action.Forward forward -> forward(forward);
            case Action.Redirect redirect ->
                "redirect " + redirect.status() + " " + redirect.scheme() + " " + redirect.host() + " "
                        + redirect.port() + " " + redirect.path();
            case Action.Respond(int status, var body) -> "respond " + status + " " + body;
        };
    }

    private static String forward(Action.Forward forward) {
        var parts = new ArrayList<String>();
        parts.add("-> " + shares(forward.shares()));
        if (!(forward.path() instanceof PathChange.Keep)) {
            parts.add("path " + forward.path());
        }
        if (forward.host() instanceof HostChange.To(var host)) {
            parts.add("host " + host);
        }
        if (forward.timeout() instanceof Timeout.After(var duration)) {
            parts.add("within " + duration);
        }
        if (!forward.retry().equals(USUAL)) {
            parts.add("retry " + forward.retry());
        }
        forward.mirrors().forEach(mirror -> parts.add("mirror " + mirror));
        if (!(forward.stickiness() instanceof Action.Stickiness.None)) {
            parts.add("sticky " + forward.stickiness());
        }
        return String.join(" ", parts);
    }

    private static String shares(List<Action.Share> shares) {
        return shares.stream()
                .map(share -> share.upstream()
                        + (shares.size() == 1 ? "" : " " + share.weight())
                        + (share.host() instanceof HostChange.To(var host) ? " host " + host : "")
                        + headers(share.headers()).stream().map(" "::concat).collect(Collectors.joining()))
                .collect(Collectors.joining(", "));
    }

    private static List<String> headers(HeaderEdits edits) {
        var parts = new ArrayList<String>();
        add(parts, "request", edits.request());
        add(parts, "response", edits.response());
        return parts;
    }

    private static void add(List<String> parts, String side, HeaderEdits.Edits edits) {
        edits.values()
                .forEach(value -> parts.add(side + " " + (value.mode() == HeaderEdits.Mode.SET ? "set " : "add ")
                        + value.name() + "=" + value.value()));
        edits.removed().forEach(name -> parts.add(side + " remove " + name));
    }

    private static String upstream(Upstream upstream) {
        return switch (upstream) {
            case Upstream.Unknown(var id, var reason) -> id + ": unknown, " + reason;
            case Upstream.Known known ->
                known.id() + ": " + known.protocol() + " " + discovery(known.discovery())
                        + (known.balancing() instanceof Upstream.Balancing.LeastRequest ? "" : " " + known.balancing())
                        + (known.ejection() instanceof Upstream.Ejection.None ? "" : " " + known.ejection())
                        + (known.tls() instanceof Upstream.Tls.None ? "" : " " + known.tls())
                        + " (" + known.service()
                        + known.rules().stream().map(rule -> ", " + rule).collect(Collectors.joining()) + ")";
        };
    }

    private static String discovery(Discovery discovery) {
        return switch (discovery) {
            case Discovery.Listed(var groups) -> "listed " + groups(groups);
            case Discovery.Dns dns -> "dns " + groups(dns.groups());
            case Discovery.DnsOne dns -> "dns, one at a time, " + groups(dns.groups());
            case Discovery.Original(int port) -> "original " + port;
            case Discovery.ByRequest() -> "by request";
            case Discovery.Nowhere() -> "nowhere";
        };
    }

    private static String endpoint(Upstream.Endpoint endpoint) {
        var place = switch (endpoint.address()) {
            case Address.Socket socket -> socket.host() + ":" + socket.port();
            case Address.Pipe pipe -> pipe.path();
        };
        return place + (endpoint.weight() == 0 ? "" : " x" + endpoint.weight());
    }

    private static String groups(List<Upstream.Group> groups) {
        return groups.stream()
                .map(group -> group.endpoints().stream()
                        .map(PlanText::endpoint)
                        .collect(Collectors.joining(
                                ", ",
                                group.locality().equals(Upstream.Locality.NONE) ? "[" : group.locality() + " [",
                                "]")))
                .collect(Collectors.joining(" ", "{", "}"));
    }
}
