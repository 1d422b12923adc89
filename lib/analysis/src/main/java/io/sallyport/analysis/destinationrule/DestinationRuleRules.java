package io.sallyport.analysis.destinationrule;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Durations;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Labels;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.ClientTlsSettings;
import io.sallyport.model.DestinationRule.OutlierDetection;
import io.sallyport.model.DestinationRule.PortTrafficPolicy;
import io.sallyport.model.DestinationRule.RetryBudget;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.DestinationRule.TlsMode;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// All rules about DestinationRules.
public final class DestinationRuleRules {

    private DestinationRuleRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .add(new HostIsName())
                .add(new SubsetIsNamed())
                .add(new SubsetNameIsUnique())
                .add(new SubsetLabelsAreLabels())
                .add(new PolicySaysSomething())
                .add(new PortPolicyHasPort())
                .add(new TunnelIsValid())
                .add(new OutlierIsValid())
                .add(new ClientTlsIsConsistent())
                .add(new RetryBudgetIsShare())
                .add(new ConsecutiveErrorsIsNotUsed())
                .add(new ClientCredentialReachesProxy())
                .addAll(PoolRules.all())
                .addAll(LoadBalancerRules.all())
                .build();
    }

    /// SP1401: a rule for a host that cannot exist.
    static final class HostIsName extends ObjectRule<DestinationRule> {
        HostIsName() {
            super(
                    "SP1401",
                    ERROR,
                    "Host of a DestinationRule is no host name",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "The host is the name of a service, or a wildcard of names.",
                            "{host: \"cart_1\"}",
                            "{host: cart-1}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Hosts.wildcardProblem(rule.value().host()).ifPresent(problem -> report.at(rule.below("host"), problem));
        }
    }

    /// SP1402: routes name subsets, so they need names.
    static final class SubsetIsNamed extends ObjectRule<DestinationRule> {
        SubsetIsNamed() {
            super(
                    "SP1402",
                    ERROR,
                    "Name of a subset is not valid",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "A subset's name is letters, digits and dashes.",
                            "{host: cart, subsets: [{name: v1.0}]}",
                            "{host: cart, subsets: [{name: v1-0}]}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            rule.each("subsets", DestinationRule::subsets)
                    .filter(subset -> !Hosts.isLabel(subset.value().name()))
                    .forEach(subset -> report.at(
                            subset.below("name"),
                            "subset \"%s\" (expected: letters, digits and dashes)"
                                    .formatted(subset.value().name())));
        }
    }

    /// SP1403: two subsets, one name.
    static final class SubsetNameIsUnique extends ObjectRule<DestinationRule> {
        SubsetNameIsUnique() {
            super(
                    "SP1403",
                    ERROR,
                    "Subset is declared twice",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "Each subset of a rule needs a name of its own.",
                            "{host: cart, subsets: [{name: v1}, {name: v1}]}",
                            "{host: cart, subsets: [{name: v1}, {name: v2}]}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            var seen = new HashMap<String, Path>();
            rule.each("subsets", DestinationRule::subsets).forEach(subset -> {
                var first = seen.putIfAbsent(subset.value().name(), subset.path());
                if (first != null) {
                    report.at(
                            subset.below("name"),
                            "subset \"%s\" is %s too (expected: a name of its own)"
                                    .formatted(subset.value().name(), first));
                }
            });
        }
    }

    /// SP1404: labels that no endpoint can have.
    static final class SubsetLabelsAreLabels extends ObjectRule<DestinationRule> {
        SubsetLabelsAreLabels() {
            super(
                    "SP1404",
                    ERROR,
                    "Label of a subset cannot be a label",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "Keys and values follow the rules of Kubernetes labels.",
                            "{host: cart, subsets: [{name: v1, labels: {version: \"v 1\"}}]}",
                            "{host: cart, subsets: [{name: v1, labels: {version: v1}}]}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            rule.each("subsets", DestinationRule::subsets)
                    .flatMap(subset -> subset.entries("labels", Subset::labels))
                    .forEach(label -> Labels.problem(label.path().name(), label.value())
                            .ifPresent(problem -> report.at(label, problem)));
        }
    }

    /// SP1405: a policy without settings.
    static final class PolicySaysSomething extends ObjectRule<DestinationRule> {
        PolicySaysSomething() {
            super(
                    "SP1405",
                    ERROR,
                    "Traffic policy is empty",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "A traffic policy, and the settings of a port, need at least one field.",
                            "{host: cart, trafficPolicy: {}}",
                            "{host: cart, trafficPolicy: {loadBalancer: {simple: RANDOM}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.policies(rule)
                    .filter(policy -> isEmpty(policy.value()))
                    .forEach(policy -> report.at(policy, "empty trafficPolicy (expected: at least one field)"));
            Policies.ports(rule)
                    .filter(port -> isEmpty(port.value()))
                    .forEach(port -> report.at(port, "settings of a port without any (expected: at least one field)"));
        }

        private static boolean isEmpty(TrafficPolicy policy) {
            return policy.loadBalancer() == null
                    && policy.connectionPool() == null
                    && policy.outlierDetection() == null
                    && policy.tls() == null
                    && policy.portLevelSettings().isEmpty()
                    && policy.tunnel() == null
                    && policy.proxyProtocol() == null
                    && policy.retryBudget() == null
                    && policy.compression() == null;
        }

        private static boolean isEmpty(PortTrafficPolicy port) {
            return port.loadBalancer() == null
                    && port.connectionPool() == null
                    && port.outlierDetection() == null
                    && port.tls() == null
                    && port.compression() == null;
        }
    }

    /// SP1406: settings of no port.
    static final class PortPolicyHasPort extends ObjectRule<DestinationRule> {
        PortPolicyHasPort() {
            super(
                    "SP1406",
                    ERROR,
                    "Settings of a port without the port",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "portLevelSettings say which port they are for.",
                            "{host: cart, trafficPolicy: {portLevelSettings: [{loadBalancer: {simple: RANDOM}}]}}",
                            "{host: cart, trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.ports(rule)
                    .filter(port -> port.value().port() == null)
                    .forEach(port -> report.at(port, "no port (expected: port: {number: …})"));
        }
    }

    /// SP1407: a tunnel to nowhere.
    static final class TunnelIsValid extends ObjectRule<DestinationRule> {
        TunnelIsValid() {
            super(
                    "SP1407",
                    ERROR,
                    "Tunnel is not valid",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "A tunnel uses CONNECT or POST and leads to a host and port; PROXY protocol does not go with it.",
                            "{host: proxy.test, trafficPolicy: {tunnel: {protocol: GET, targetHost: a.test, targetPort: 443}}}",
                            "{host: proxy.test, trafficPolicy: {tunnel: {protocol: CONNECT, targetHost: a.test, targetPort: 443}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.policies(rule).forEach(policy -> {
                var tunnel = policy.value().tunnel();
                if (tunnel == null) {
                    return;
                }
                var at = policy.path().field("tunnel");
                if (policy.value().proxyProtocol() != null) {
                    report.at(policy.below("proxyProtocol"), "proxyProtocol beside tunnel (expected: one of the two)");
                }
                var protocol = tunnel.protocol();
                if (!protocol.isEmpty() && !protocol.equals("CONNECT") && !protocol.equals("POST")) {
                    report.at(
                            at.field("protocol"),
                            "protocol \"%s\" (expected: \"CONNECT\" or \"POST\")".formatted(protocol));
                }
                if (!Addresses.isAddress(tunnel.targetHost())) {
                    Hosts.nameProblem(tunnel.targetHost())
                            .ifPresent(problem -> report.at(at.field("targetHost"), problem));
                }
                if (tunnel.targetPort() < 1 || tunnel.targetPort() > 65535) {
                    report.at(at.field("targetPort"), "port %d (expected: 1 to 65535)".formatted(tunnel.targetPort()));
                }
            });
        }
    }

    /// SP1408: ejection that Envoy cannot do.
    static final class OutlierIsValid extends ObjectRule<DestinationRule> {
        OutlierIsValid() {
            super(
                    "SP1408",
                    ERROR,
                    "Outlier detection is not valid",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "Percentages are 0 to 100, times 1 ms or more; consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors.",
                            "{host: cart, trafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}}",
                            "{host: cart, trafficPolicy: {outlierDetection: {maxEjectionPercent: 50}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.outliers(rule).forEach(outlier -> {
                Stream.concat(
                                outlier.field("interval", OutlierDetection::interval),
                                outlier.field("baseEjectionTime", OutlierDetection::baseEjectionTime))
                        .forEach(
                                time -> Durations.problem(time.value()).ifPresent(problem -> report.at(time, problem)));
                Stream.concat(
                                outlier.field("maxEjectionPercent", OutlierDetection::maxEjectionPercent),
                                outlier.field("minHealthPercent", OutlierDetection::minHealthPercent))
                        .filter(percent -> percent.value() < 0 || percent.value() > 100)
                        .forEach(
                                percent -> report.at(percent, "%d %% (expected: 0 to 100)".formatted(percent.value())));
                outlier.field("consecutiveLocalOriginFailures", OutlierDetection::consecutiveLocalOriginFailures)
                        .filter(failures ->
                                failures.value() > 0 && !outlier.value().splitExternalLocalOriginErrors())
                        .forEach(
                                failures -> report.at(
                                        failures,
                                        "consecutiveLocalOriginFailures without splitExternalLocalOriginErrors (expected: it to be true)"));
            });
        }
    }

    /// SP1409: certificates that contradict each other.
    static final class ClientTlsIsConsistent extends ObjectRule<DestinationRule> {
        ClientTlsIsConsistent() {
            super(
                    "SP1409",
                    ERROR,
                    "TLS settings towards a service contradict each other",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "MUTUAL needs a certificate and a key; credentialName replaces all files; insecureSkipVerify leaves nothing to verify with.",
                            "{host: a.test, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /c}}}",
                            "{host: a.test, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.tls(rule).forEach(tls -> check(tls, report.object().namespace(), report));
        }

        private static void check(At<ClientTlsSettings> tls, String namespace, Report report) {
            var settings = tls.value();
            boolean simple = settings.mode() == TlsMode.SIMPLE;
            boolean mutual = settings.mode() == TlsMode.MUTUAL;
            configMapProblem(settings.credentialName(), namespace)
                    .ifPresent(problem -> report.at(tls.below("credentialName"), problem));
            if (Boolean.TRUE.equals(settings.insecureSkipVerify()) && (simple || mutual)) {
                boolean verifies = !settings.caCertificates().isEmpty()
                        || !settings.subjectAltNames().isEmpty()
                        || (simple && !settings.credentialName().isEmpty());
                if (verifies) {
                    report.at(
                            tls.below("insecureSkipVerify"),
                            "insecureSkipVerify beside a CA or subjectAltNames (expected: one of the two)");
                }
            }
            if ((simple || mutual) && !settings.credentialName().isEmpty()) {
                boolean files = !settings.clientCertificate().isEmpty()
                        || !settings.caCertificates().isEmpty()
                        || !settings.privateKey().isEmpty()
                        || !settings.caCrl().isEmpty();
                if (files) {
                    report.at(
                            tls.below("credentialName"),
                            "credentialName \"%s\" beside files (expected: one of the two)"
                                    .formatted(settings.credentialName()));
                }
                return;
            }
            if (mutual && settings.clientCertificate().isEmpty()) {
                report.at(tls, "MUTUAL without certificate (expected: clientCertificate or credentialName)");
            }
            if (mutual && settings.privateKey().isEmpty()) {
                report.at(tls, "MUTUAL without key (expected: privateKey or credentialName)");
            }
        }

        private static Optional<String> configMapProblem(String credential, String namespace) {
            var prefix = "configmap://";
            if (!credential.startsWith(prefix)) {
                return Optional.empty();
            }
            var parts = credential.substring(prefix.length()).split("/", -1);
            return parts.length == 2 && parts[0].equals(namespace)
                    ? Optional.empty()
                    : Optional.of("credentialName \"%s\" (expected: \"configmap://%s/<name>\")"
                            .formatted(credential, namespace));
        }
    }

    /// SP1410: a share above all.
    static final class RetryBudgetIsShare extends ObjectRule<DestinationRule> {
        RetryBudgetIsShare() {
            super(
                    "SP1410",
                    ERROR,
                    "Retry budget is no share",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "A retry budget is 0 to 100 percent of the requests under way.",
                            "{host: cart, trafficPolicy: {retryBudget: {percent: 101}}}",
                            "{host: cart, trafficPolicy: {retryBudget: {percent: 20}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.policies(rule)
                    .flatMap(policy -> policy.field("retryBudget", TrafficPolicy::retryBudget))
                    .flatMap(budget -> budget.field("percent", RetryBudget::percent))
                    .filter(percent -> !(percent.value() >= 0 && percent.value() <= 100))
                    .forEach(percent -> report.at(percent, "%s %% (expected: 0 to 100)".formatted(percent.value())));
        }
    }

    /// SP4401: Istio warns too.
    static final class ConsecutiveErrorsIsNotUsed extends ObjectRule<DestinationRule> {
        ConsecutiveErrorsIsNotUsed() {
            super(
                    "SP4401",
                    WARNING,
                    "consecutiveErrors is deprecated",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "consecutive5xxErrors or consecutiveGatewayErrors take its place.",
                            "{host: cart, trafficPolicy: {outlierDetection: {consecutiveErrors: 5}}}",
                            "{host: cart, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            Policies.own(rule)
                    .flatMap(policy -> policy.field("outlierDetection", TrafficPolicy::outlierDetection))
                    .filter(outlier -> outlier.value().consecutiveErrors() != 0)
                    .forEach(
                            outlier -> report.at(
                                    outlier.below("consecutiveErrors"),
                                    "consecutiveErrors is deprecated (expected: consecutive5xxErrors or consecutiveGatewayErrors)"));
        }
    }

    /// SP4402: the same words mean TLS on a gateway and plain text on a client.
    static final class ClientCredentialReachesProxy extends ObjectRule<DestinationRule> {
        ClientCredentialReachesProxy() {
            super(
                    "SP4402",
                    INFO,
                    "credentialName means plain text on client proxies",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "Gateways fetch the credential; a client proxy without workloadSelector sends plain text instead (D8).",
                            "{host: a.test, trafficPolicy: {tls: {mode: SIMPLE, credentialName: c}}}",
                            "{host: a.test, workloadSelector: {matchLabels: {app: cart}}, trafficPolicy: {tls: {mode: SIMPLE, credentialName: c}}}"));
        }

        @Override
        public void check(At<DestinationRule> rule, Report report) {
            if (rule.value().workloadSelector() != null) {
                return;
            }
            Policies.tls(rule)
                    .filter(tls ->
                            tls.value().mode() == TlsMode.SIMPLE || tls.value().mode() == TlsMode.MUTUAL)
                    .filter(tls -> !tls.value().credentialName().isEmpty())
                    .forEach(
                            tls -> report.at(
                                    tls.below("credentialName"),
                                    "client proxies without workloadSelector send plain text to this host (expected: a workloadSelector, if clients reach it directly)"));
        }
    }
}
