package io.sallyport.analysis.policy;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.model.AuthorizationPolicy;
import io.sallyport.model.AuthorizationPolicy.Action;
import io.sallyport.model.AuthorizationPolicy.Condition;
import io.sallyport.model.AuthorizationPolicy.From;
import io.sallyport.model.AuthorizationPolicy.Operation;
import io.sallyport.model.AuthorizationPolicy.Rule;
import io.sallyport.model.AuthorizationPolicy.Source;
import io.sallyport.model.AuthorizationPolicy.To;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// Who may do what.
final class AuthorizationRules {

    private AuthorizationRules() {}

    static List<io.sallyport.analysis.Rule<?>> all() {
        return List.of(
                new ActionFits(),
                new SourceIsValid(),
                new OperationIsValid(),
                new ConditionIsValid(),
                new DryRunIsValid(),
                new DenialNamesPort());
    }

    private static Stream<At<Rule>> rules(At<AuthorizationPolicy> policy) {
        return policy.each("rules", AuthorizationPolicy::rules);
    }

    private static Stream<At<From>> froms(At<AuthorizationPolicy> policy) {
        return rules(policy).flatMap(rule -> rule.each("from", Rule::from));
    }

    private static Stream<At<Source>> sources(At<AuthorizationPolicy> policy) {
        return froms(policy).flatMap(from -> from.field("source", From::source));
    }

    private static Stream<At<To>> tos(At<AuthorizationPolicy> policy) {
        return rules(policy).flatMap(rule -> rule.each("to", Rule::to));
    }

    private static Stream<At<Operation>> operations(At<AuthorizationPolicy> policy) {
        return tos(policy).flatMap(to -> to.field("operation", To::operation));
    }

    private static Stream<At<Condition>> conditions(At<AuthorizationPolicy> policy) {
        return rules(policy).flatMap(rule -> rule.each("when", Rule::when));
    }

    private static boolean isPort(String text) {
        return !text.isEmpty()
                && text.length() < 10
                && text.chars().allMatch(c -> c >= '0' && c <= '9')
                && Integer.parseInt(text) <= 65535;
    }

    private static void texts(Stream<At<String>> values, Report report) {
        values.filter(value -> value.value().isEmpty())
                .forEach(value -> report.at(value, "empty value (expected: text)"));
    }

    private static void networks(Stream<At<String>> values, Report report) {
        values.filter(value -> !value.value().isEmpty())
                .forEach(value ->
                        Addresses.subnetProblem(value.value()).ifPresent(problem -> report.at(value, problem)));
    }

    /// SP1801: an action that needs rules or a provider, or must not have one.
    static final class ActionFits extends ObjectRule<AuthorizationPolicy> {
        private static final int MOST = 512;

        ActionFits() {
            super(
                    "SP1801",
                    ERROR,
                    "Action does not fit the policy",
                    Kind.AUTHORIZATION_POLICY,
                    AuthorizationPolicy.class,
                    new Page(
                            "DENY and CUSTOM need rules (\"{}\" for every request); CUSTOM needs a provider, others have none, and CUSTOM cannot look at mTLS or token identities.",
                            "{action: DENY}",
                            "{action: DENY, rules: [{}]}"));
        }

        @Override
        public void check(At<AuthorizationPolicy> policy, Report report) {
            var value = policy.value();
            boolean custom = value.action() == Action.CUSTOM;
            bound(policy.below("rules"), "rules", value.rules().size(), report);
            rules(policy)
                    .forEach(rule -> bound(
                            rule.below("from"), "sources", rule.value().from().size(), report));
            if ((custom || value.action() == Action.DENY) && value.rules().isEmpty()) {
                report.at(
                        policy,
                        "%s without rules is never triggered (expected: rules; \"- {}\" for every request)"
                                .formatted(value.action()));
            }
            var provider = value.provider();
            if (custom
                    && !value.rules().isEmpty()
                    && (provider == null || provider.name().isEmpty())) {
                report.at(policy, "CUSTOM without provider (expected: provider: {name: …})");
            }
            if (!custom && provider != null) {
                report.at(
                        policy.below("provider"),
                        "provider with %s (expected: none; or CUSTOM)".formatted(value.action()));
            }
            if (custom) {
                sources(policy)
                        .forEach(source -> identities(source)
                                .forEach(identity -> report.at(identity, "identity with CUSTOM (expected: none)")));
                conditions(policy)
                        .filter(condition -> isIdentity(condition.value().key()))
                        .forEach(condition -> report.at(
                                condition.below("key"),
                                "key \"%s\" with CUSTOM (expected: no identity)"
                                        .formatted(condition.value().key())));
            }
        }

        private static void bound(Path path, String what, int size, Report report) {
            if (size > MOST) {
                report.at(path, "%d %s (expected: at most %d)".formatted(size, what, MOST));
            }
        }

        private static Stream<At<String>> identities(At<Source> source) {
            return Stream.of(
                            source.each("principals", Source::principals),
                            source.each("notPrincipals", Source::notPrincipals),
                            source.each("requestPrincipals", Source::requestPrincipals),
                            source.each("notRequestPrincipals", Source::notRequestPrincipals),
                            source.each("namespaces", Source::namespaces),
                            source.each("notNamespaces", Source::notNamespaces),
                            source.each("serviceAccounts", Source::serviceAccounts),
                            source.each("notServiceAccounts", Source::notServiceAccounts))
                    .flatMap(part -> part);
        }

        private static boolean isIdentity(String key) {
            return key.equals("source.namespace")
                    || key.equals("source.serviceAccount")
                    || key.equals("source.principal")
                    || key.startsWith("request.auth.");
        }
    }

    /// SP1802: callers that nobody is.
    static final class SourceIsValid extends ObjectRule<AuthorizationPolicy> {
        private static final int MOST_ACCOUNTS = 16;
        private static final int LONGEST_ACCOUNT = 320;

        SourceIsValid() {
            super(
                    "SP1802",
                    ERROR,
                    "Source of a policy is not valid",
                    Kind.AUTHORIZATION_POLICY,
                    AuthorizationPolicy.class,
                    new Page(
                            "A source has at least one field, without empty values; IP blocks are addresses or networks.",
                            "{rules: [{from: [{source: {ipBlocks: [10.0.0.0/40]}}]}]}",
                            "{rules: [{from: [{source: {ipBlocks: [10.0.0.0/16]}}]}]}"));
        }

        @Override
        public void check(At<AuthorizationPolicy> policy, Report report) {
            froms(policy)
                    .filter(from -> from.value().source() == null)
                    .forEach(from -> report.at(from, "no source (expected: source)"));
            sources(policy).forEach(source -> {
                var all = Stream.of(
                                ActionFits.identities(source),
                                source.each("ipBlocks", Source::ipBlocks),
                                source.each("notIpBlocks", Source::notIpBlocks),
                                source.each("remoteIpBlocks", Source::remoteIpBlocks),
                                source.each("notRemoteIpBlocks", Source::notRemoteIpBlocks))
                        .flatMap(part -> part)
                        .toList();
                if (all.isEmpty()) {
                    report.at(source, "empty source (expected: at least one field)");
                }
                texts(all.stream(), report);
                networks(
                        all.stream()
                                .filter(value -> value.path()
                                        .toString()
                                        .toLowerCase(Locale.ROOT)
                                        .contains("ipblocks")),
                        report);
                accounts(source, report);
            });
        }

        private static void accounts(At<Source> source, Report report) {
            var value = source.value();
            boolean accounts = !value.serviceAccounts().isEmpty()
                    || !value.notServiceAccounts().isEmpty();
            boolean others = !value.namespaces().isEmpty()
                    || !value.notNamespaces().isEmpty()
                    || !value.principals().isEmpty()
                    || !value.notPrincipals().isEmpty();
            bound(source.below("serviceAccounts"), value.serviceAccounts(), report);
            bound(source.below("notServiceAccounts"), value.notServiceAccounts(), report);
            accounts(source.each("serviceAccounts", Source::serviceAccounts), report);
            accounts(source.each("notServiceAccounts", Source::notServiceAccounts), report);
            if (accounts && others) {
                report.at(source, "serviceAccounts beside namespaces or principals (expected: one of the two)");
            }
        }

        static void bound(Path path, List<String> accounts, Report report) {
            if (accounts.size() > MOST_ACCOUNTS) {
                report.at(path, "%d service accounts (expected: at most 16)".formatted(accounts.size()));
            }
        }

        /// `account` of the policy's own namespace, or `namespace/account`: whole names, no wildcards.
        static void accounts(Stream<At<String>> accounts, Report report) {
            accounts.filter(account -> !account.value().isEmpty()).forEach(account -> {
                var text = account.value();
                int slash = text.indexOf('/');
                boolean halves = slash < 0 || (slash > 0 && slash == text.lastIndexOf('/') && !text.endsWith("/"));
                if (text.length() > LONGEST_ACCOUNT) {
                    report.at(account, "a service account of more than 320 characters (expected: at most 320)");
                } else if (!halves || text.contains("*")) {
                    report.at(
                            account,
                            "service account \"%s\" (expected: account or namespace/account, without \"*\")"
                                    .formatted(text));
                }
            });
        }
    }

    /// SP1803: operations that no request is.
    static final class OperationIsValid extends ObjectRule<AuthorizationPolicy> {
        OperationIsValid() {
            super(
                    "SP1803",
                    ERROR,
                    "Operation of a policy is not valid",
                    Kind.AUTHORIZATION_POLICY,
                    AuthorizationPolicy.class,
                    new Page(
                            "An operation has at least one field, without empty values; ports are numbers; {*} and {**} stand for whole path segments, {**} last.",
                            "{rules: [{to: [{operation: {ports: [http]}}]}]}",
                            "{rules: [{to: [{operation: {ports: [\"80\"]}}]}]}"));
        }

        @Override
        public void check(At<AuthorizationPolicy> policy, Report report) {
            tos(policy)
                    .filter(to -> to.value().operation() == null)
                    .forEach(to -> report.at(to, "no operation (expected: operation)"));
            operations(policy).forEach(operation -> {
                var ports = Stream.concat(
                                operation.each("ports", Operation::ports),
                                operation.each("notPorts", Operation::notPorts))
                        .toList();
                var paths = Stream.concat(
                                operation.each("paths", Operation::paths),
                                operation.each("notPaths", Operation::notPaths))
                        .toList();
                var others = Stream.of(
                                operation.each("hosts", Operation::hosts),
                                operation.each("notHosts", Operation::notHosts),
                                operation.each("methods", Operation::methods),
                                operation.each("notMethods", Operation::notMethods))
                        .flatMap(part -> part)
                        .toList();
                if (ports.isEmpty() && paths.isEmpty() && others.isEmpty()) {
                    report.at(operation, "empty operation (expected: at least one field)");
                }
                texts(Stream.of(ports, paths, others).flatMap(List::stream), report);
                ports.stream()
                        .filter(port -> !port.value().isEmpty() && !isPort(port.value()))
                        .forEach(port -> report.at(
                                port, "port \"%s\" (expected: a number up to 65535)".formatted(port.value())));
                paths.forEach(path -> template(path.value()).ifPresent(problem -> report.at(path, problem)));
            });
        }

        private static Optional<String> template(String path) {
            boolean hasTemplate = path.contains("{*}") || path.contains("{**}");
            boolean ended = false;
            for (var segment : Splitter.on('/').split(CharMatcher.is('/').trimFrom(path))) {
                boolean one = segment.equals("{*}");
                boolean any = segment.equals("{**}");
                if ((one || any) && ended) {
                    return Optional.of("path \"%s\" (expected: {**} last)".formatted(path));
                }
                ended |= any;
                if (one || any) {
                    continue;
                }
                boolean braces = segment.contains("{") || segment.contains("}");
                boolean odd = hasTemplate
                        && (segment.isEmpty()
                                || !segment.chars()
                                        .allMatch(c -> c < 128
                                                && (Character.isLetterOrDigit(c)
                                                        || "-._~%!$&'()+,;:@=".indexOf(c) >= 0)));
                if (braces || odd) {
                    return Optional.of("path \"%s\": \"%s\" (expected: plain text, {*} or {**} as whole segments)"
                            .formatted(path, segment));
                }
            }
            return Optional.empty();
        }
    }

    /// SP1804: attributes that do not exist.
    static final class ConditionIsValid extends ObjectRule<AuthorizationPolicy> {
        private static final ImmutableSet<String> KEYS = ImmutableSet.of(
                "source.ip",
                "remote.ip",
                "source.namespace",
                "source.principal",
                "source.serviceAccount",
                "request.auth.principal",
                "request.auth.audiences",
                "request.auth.presenter",
                "destination.ip",
                "destination.port",
                "connection.sni");
        private static final ImmutableSet<String> ADDRESSES =
                ImmutableSet.of("source.ip", "remote.ip", "destination.ip");

        ConditionIsValid() {
            super(
                    "SP1804",
                    ERROR,
                    "Condition of a policy is not valid",
                    Kind.AUTHORIZATION_POLICY,
                    AuthorizationPolicy.class,
                    new Page(
                            "A condition has a known key, and values or notValues that fit it.",
                            "{rules: [{when: [{key: source.port, values: [\"80\"]}]}]}",
                            "{rules: [{when: [{key: destination.port, values: [\"80\"]}]}]}"));
        }

        @Override
        public void check(At<AuthorizationPolicy> policy, Report report) {
            conditions(policy).forEach(condition -> {
                var key = condition.value().key();
                if (key.isEmpty()) {
                    report.at(condition, "key is empty (expected: an attribute such as request.headers[x-user])");
                    return;
                }
                var values = Stream.concat(
                                condition.each("values", Condition::values),
                                condition.each("notValues", Condition::notValues))
                        .toList();
                if (values.isEmpty()) {
                    report.at(condition, "no values for \"%s\" (expected: values or notValues)".formatted(key));
                    return;
                }
                texts(values.stream(), report);
                if (!isKnown(key)) {
                    report.at(
                            condition.below("key"),
                            "key \"%s\" (expected: request.headers[…], request.auth.claims[…], %s)"
                                    .formatted(key, String.join(", ", KEYS)));
                } else if (ADDRESSES.contains(key)) {
                    networks(values.stream(), report);
                } else if (key.equals("source.serviceAccount")) {
                    SourceIsValid.bound(
                            condition.below("values"), condition.value().values(), report);
                    SourceIsValid.bound(
                            condition.below("notValues"), condition.value().notValues(), report);
                    SourceIsValid.accounts(values.stream(), report);
                } else if (key.equals("destination.port")) {
                    values.stream()
                            .filter(port -> !isPort(port.value()))
                            .forEach(port -> report.at(
                                    port, "port \"%s\" (expected: a number up to 65535)".formatted(port.value())));
                }
            });
        }

        private static boolean isKnown(String key) {
            boolean map = key.startsWith("request.headers")
                    || key.startsWith("request.experimental.inline.headers")
                    || key.startsWith("request.auth.claims")
                    || key.startsWith("experimental.envoy.filters.");
            if (map) {
                int open = key.indexOf('[');
                return key.endsWith("]") && open > 0 && open < key.length() - 2;
            }
            return KEYS.contains(key);
        }
    }

    /// SP1805: dry runs that are none.
    static final class DryRunIsValid extends ObjectRule<AuthorizationPolicy> {
        private static final String DRY_RUN = "istio.io/dry-run";
        private static final ImmutableSet<String> BOOLEANS =
                ImmutableSet.of("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False");

        DryRunIsValid() {
            super(
                    "SP1805",
                    ERROR,
                    "Dry run is not valid",
                    Kind.AUTHORIZATION_POLICY,
                    AuthorizationPolicy.class,
                    new Page(
                            "istio.io/dry-run is true or false, on policies that allow or deny.",
                            policy("maybe"),
                            policy("true")));
        }

        private static String policy(String dryRun) {
            return """
                   apiVersion: security.istio.io/v1
                   kind: AuthorizationPolicy
                   metadata: {namespace: shop, name: a, annotations: {istio.io/dry-run: "%s"}}
                   spec: {action: ALLOW, rules: [{}]}
                   """.formatted(dryRun);
        }

        @Override
        public void check(At<AuthorizationPolicy> policy, Report report) {
            var value = report.object().metadata().annotations().get(DRY_RUN);
            if (value == null) {
                return;
            }
            var at = Path.of("metadata", "annotations", DRY_RUN);
            var action = policy.value().action();
            if (action != Action.ALLOW && action != Action.DENY) {
                report.at(at, "dry run of %s (expected: ALLOW or DENY)".formatted(action));
            } else if (!BOOLEANS.contains(value)) {
                report.at(at, "dry run \"%s\" (expected: \"true\" or \"false\")".formatted(value));
            }
        }
    }

    /// SP4801: Istio warns too.
    static final class DenialNamesPort extends ObjectRule<AuthorizationPolicy> {
        DenialNamesPort() {
            super(
                    "SP4801",
                    WARNING,
                    "Denial closes TCP ports too",
                    Kind.AUTHORIZATION_POLICY,
                    AuthorizationPolicy.class,
                    new Page(
                            "A DENY rule with HTTP attributes only denies everything on TCP ports in its reach; name the ports it is for.",
                            "{action: DENY, rules: [{to: [{operation: {methods: [POST]}}]}]}",
                            "{action: DENY, rules: [{to: [{operation: {methods: [POST], ports: [\"80\"]}}]}]}"));
        }

        @Override
        public void check(At<AuthorizationPolicy> policy, Report report) {
            if (policy.value().action() != Action.DENY) {
                return;
            }
            rules(policy).forEach(rule -> {
                var sources = rule.value().from().stream()
                        .map(From::source)
                        .filter(Objects::nonNull)
                        .toList();
                var operations = rule.value().to().stream()
                        .map(To::operation)
                        .filter(Objects::nonNull)
                        .toList();
                boolean tcpFrom = sources.stream().anyMatch(DenialNamesPort::isTcp);
                boolean tcpTo = operations.stream()
                        .anyMatch(operation -> !operation.ports().isEmpty()
                                || !operation.notPorts().isEmpty());
                boolean httpOnly =
                        (!sources.isEmpty() && operations.isEmpty() && !tcpFrom) || (!operations.isEmpty() && !tcpTo);
                if (httpOnly) {
                    report.at(rule, "denies all traffic to TCP ports (expected: to.operation.ports)");
                }
            });
        }

        private static boolean isTcp(Source source) {
            return !source.principals().isEmpty()
                    || !source.notPrincipals().isEmpty()
                    || !source.namespaces().isEmpty()
                    || !source.notNamespaces().isEmpty()
                    || !source.serviceAccounts().isEmpty()
                    || !source.notServiceAccounts().isEmpty()
                    || !source.ipBlocks().isEmpty()
                    || !source.notIpBlocks().isEmpty()
                    || !source.remoteIpBlocks().isEmpty()
                    || !source.notRemoteIpBlocks().isEmpty();
        }
    }
}
