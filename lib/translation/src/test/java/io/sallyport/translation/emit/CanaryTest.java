package io.sallyport.translation.emit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Action.Stickiness;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.HeaderEdits;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RequestMatch.HeaderCondition;
import io.sallyport.translation.plan.RequestMatch.PathMatch;
import io.sallyport.translation.plan.RequestMatch.QueryCondition;
import io.sallyport.translation.plan.RequestMatch.Sense;
import io.sallyport.translation.plan.Retry;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.Session;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.ValueTest;
import io.sallyport.translation.validation.EnvoyValidation;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A user's text ends up in one leaf as it is, or the site is withheld. It never becomes code or structure.
@Tag("V1")
final class CanaryTest {

    private static final String CANARY = "%REQ(x)% ${x} {{x}} \"'\r\n]]--;";

    record Place(String name, Function<String, RouteRule> rule) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Place> places() {
        return Stream.of(
                new Place("rule name", text -> named(text, "")),
                new Place("statistics name", text -> named("", text)),
                new Place("exact path", text -> matching(new PathMatch.Exact("/" + text, true))),
                new Place("prefix", text -> matching(new PathMatch.Prefix("/" + text, true))),
                new Place("header value", text -> header("x", new ValueTest.Exact(text, true))),
                new Place("header prefix", text -> header("x", new ValueTest.Prefix(text, true))),
                new Place("header name", text -> header(text, new ValueTest.Present())),
                new Place("query name", text -> query(text, new ValueTest.Present())),
                new Place("query value", text -> query("x", new ValueTest.Exact(text, true))),
                new Place("body", text -> acting(Plans.respond(text))),
                new Place("body of bytes", text -> acting(new Action.Respond(200, new Action.Body.Bytes(text)))),
                new Place(
                        "redirect host",
                        text -> acting(redirect(new Action.HostChange.To(text), new Action.PathChange.Keep()))),
                new Place(
                        "redirect path",
                        text -> acting(redirect(new Action.HostChange.Keep(), new Action.PathChange.Whole(text)))),
                new Place(
                        "redirect prefix",
                        text -> acting(redirect(new Action.HostChange.Keep(), new Action.PathChange.Matched(text)))),
                new Place(
                        "rewritten prefix",
                        text -> acting(forward(new Action.PathChange.Matched(text), new Action.HostChange.Keep()))),
                new Place(
                        "rewritten path",
                        text -> acting(forward(new Action.PathChange.Whole(text), new Action.HostChange.Keep()))),
                new Place(
                        "rewritten host",
                        text -> acting(forward(new Action.PathChange.Keep(), new Action.HostChange.To(text)))),
                new Place("hash header", text -> acting(sticky(new Stickiness.Key.Header(text)))),
                new Place("hash query", text -> acting(sticky(new Stickiness.Key.Query(text)))),
                new Place(
                        "hash cookie",
                        text -> acting(sticky(new Stickiness.Key.Cookie(text, "/", Timeout.none(), new TreeMap<>())))),
                new Place(
                        "cookie path",
                        text -> acting(sticky(new Stickiness.Key.Cookie("x", text, Timeout.none(), new TreeMap<>())))),
                new Place("cors origin", text -> cors(text, "GET")),
                new Place("cors method", text -> cors("http://a.test", text)),
                new Place("removed header", text -> edited(new HeaderEdits.Edits(List.of(), List.of(text)))));
    }

    private static RouteRule named(String name, String statistics) {
        return new RouteRule(
                name,
                RequestMatch.EVERYTHING,
                Plans.respond("ok"),
                HeaderEdits.NONE,
                new RouteRule.Cors.None(),
                RouteRule.Fault.NONE,
                statistics,
                Plans.provenance("a"));
    }

    private static RouteRule matching(PathMatch path) {
        return Plans.rule("a", new RequestMatch(path, List.of(), List.of(), List.of()), Plans.respond("ok"));
    }

    private static RouteRule header(String name, ValueTest test) {
        var condition = new HeaderCondition(name, test, Sense.MUST);
        return Plans.rule(
                "a",
                new RequestMatch(new PathMatch.Prefix("/", true), List.of(condition), List.of(), List.of()),
                Plans.respond("ok"));
    }

    private static RouteRule query(String name, ValueTest test) {
        var condition = new QueryCondition(name, test);
        return Plans.rule(
                "a",
                new RequestMatch(new PathMatch.Prefix("/", true), List.of(), List.of(condition), List.of()),
                Plans.respond("ok"));
    }

    private static RouteRule acting(Action action) {
        return Plans.rule("a", RequestMatch.EVERYTHING, action);
    }

    private static RouteRule edited(HeaderEdits.Edits request) {
        var none = new HeaderEdits.Edits(List.of(), List.of());
        return Plans.rule("a", RequestMatch.EVERYTHING, Plans.respond("ok"), new HeaderEdits(request, none));
    }

    private static Action redirect(Action.HostChange host, Action.PathChange path) {
        return new Action.Redirect(301, new Action.SchemeChange.Keep(), host, new Action.PortChange.Keep(), path);
    }

    private static Action forward(Action.PathChange path, Action.HostChange host) {
        return forward(path, host, new Stickiness.None());
    }

    private static Action sticky(Stickiness.Key key) {
        return forward(new Action.PathChange.Keep(), new Action.HostChange.Keep(), new Stickiness.By(List.of(key)));
    }

    private static Action forward(Action.PathChange path, Action.HostChange host, Stickiness stickiness) {
        return new Action.Forward(
                List.of(Action.Share.whole(Plans.upstreamId("up.test"))),
                path,
                host,
                Timeout.none(),
                new Retry.None(),
                List.of(),
                stickiness,
                new Session.None(),
                Action.Missing.UNAVAILABLE);
    }

    private static RouteRule cors(String origin, String method) {
        var cors = new RouteRule.Cors.Allow(
                List.of(new ValueTest.Exact(origin, true)),
                List.of(method),
                List.of(),
                List.of(),
                Timeout.none(),
                RouteRule.Cors.Credentials.UNSAID,
                RouteRule.Cors.Preflights.FORWARD);
        return new RouteRule(
                "",
                RequestMatch.EVERYTHING,
                Plans.respond("ok"),
                HeaderEdits.NONE,
                cors,
                RouteRule.Fault.NONE,
                "",
                Plans.provenance("a"));
    }

    @ParameterizedTest
    @MethodSource("places")
    void aTextIsOneLeafAsItIsOrTheSiteIsWithheld(Place place) throws InvalidProtocolBufferException {
        var attempt = emit(place.rule().apply(CANARY));

        if (attempt instanceof Attempt.Made(var piece)) {
            assertThat(Leaves.of(VirtualHost.parseFrom(piece.bytes())))
                    .filteredOn(leaf -> leaf.contains(CANARY))
                    .hasSize(1);
        } else {
            assertThat(attempt.toString()).contains("a.test is withheld");
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    void aTextOfOneLineIsOneLeafAsItIs(Place place) throws InvalidProtocolBufferException {
        var text = CANARY.replace("\r\n", "");

        var attempt = emit(place.rule().apply(text));

        assertThat(attempt).isInstanceOf(Attempt.Made.class);
        assertThat(Leaves.of(VirtualHost.parseFrom(
                        ((Attempt.Made<SiteEmitter.Piece>) attempt).value().bytes())))
                .filteredOn(leaf -> leaf.contains(text))
                .hasSize(1);
    }

    private static Attempt<SiteEmitter.Piece> emit(RouteRule rule) {
        return new SiteEmitter(new EnvoyValidation()).emit(Plans.site("a.test", List.of(rule)), "a.test");
    }

    @Test
    void aFormatThatEnvoyWouldExpandIsDoubledWhereANameIsMeant() throws InvalidProtocolBufferException {
        var table = new RouteTableId.Terminated(443, "%REQ(x)%", "gw", "ns", "");
        var chain = new Chain(
                new Chain.Match.Any(),
                new Chain.Tls.None(),
                new Chain.Content.Http(table, HttpOptions.EDGE),
                Plans.origin("edge"));
        var plan = new ListenerPlan(
                new Bind("0.0.0.0", 443),
                "127.0.0.1",
                List.of(chain),
                false,
                false,
                List.of(Plans.origin("edge")),
                AccessLogs.NONE);

        var emitted = ListenerEmitter.chain(plan, new SpelledChain.Key(chain, true, ""));
        var spelled = new SpelledChain(chain, emitted, Values.bytes(emitted));
        var leaves = Leaves.of(Listener.parseFrom(ListenerEmitter.bytes(plan, List.of(spelled))));

        assertThat(leaves).contains("https.443.%%REQ(x)%%.gw.ns|%REQ(:AUTHORITY)%");
    }

    @Test
    void allLuaThatLeavesIsConstant() throws InvalidProtocolBufferException {
        var emission = new Emitter().emit(Emission.EMPTY, Plans.plan(Plans.sites(500)), 1);
        var listener = Listener.parseFrom(emission.resources()
                .find(ResourceType.LISTENER, "0.0.0.0_8080")
                .orElseThrow()
                .bytes());

        assertThat(Leaves.of(listener))
                .filteredOn(leaf -> leaf.contains("function"))
                .containsExactly(Scripts.LOWER_CASE, Scripts.FALLBACK);
    }
}
