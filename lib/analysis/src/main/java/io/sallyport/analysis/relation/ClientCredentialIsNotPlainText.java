package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.ERROR;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.WorldRule;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.ClientTlsSettings;
import io.sallyport.model.DestinationRule.PortTrafficPolicy;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.DestinationRule.TlsMode;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.model.Kind;
import io.sallyport.model.Platform;
import io.sallyport.model.Platform.ProxyKind;
import java.util.stream.Stream;

/// SP2141: TLS that a client proxy would leave out. Istio's client proxies send plain text to the port where TLS is
/// expected (D8, P20); ours refuse to send anything, and whoever wrote the rule hears of it before.
final class ClientCredentialIsNotPlainText extends WorldRule<DestinationRule> {

    ClientCredentialIsNotPlainText() {
        super(
                "SP2141",
                ERROR,
                "Client proxies cannot use the credential",
                Kind.DESTINATION_RULE,
                DestinationRule.class,
                new Page(
                        "Client proxies take credentialName from rules with a workloadSelector only. Without one Istio's send plain text to a port that expects TLS; Sallyport's answer 503.",
                        example(""),
                        example("workloadSelector: {matchLabels: {app: cart}}, ")));
    }

    private static String example(String selector) {
        return """
               apiVersion: sallyport.io/v1alpha1
               kind: Platform
               metadata: {namespace: istio-system, name: sallyport}
               proxies: [{name: cart, namespace: shop, labels: {app: cart}, kind: sidecar}]
               ---
               apiVersion: networking.istio.io/v1
               kind: DestinationRule
               metadata: {namespace: shop, name: out}
               spec: {host: out.test, %strafficPolicy: {tls: {mode: SIMPLE, credentialName: out-ca}}}
               """.formatted(selector);
    }

    @Override
    public void check(At<DestinationRule> rule, Lookup world, Report report) {
        if (rule.value().workloadSelector() != null) {
            return;
        }
        var client = world.platform()
                .map(ConfigObject::spec)
                .flatMap(platform -> ((Platform) platform)
                        .proxiesOrDefault().stream()
                                .filter(proxy -> proxy.kind() == ProxyKind.sidecar)
                                .filter(proxy ->
                                        sees(rule.value(), report.object().namespace(), proxy.namespace()))
                                .findFirst());
        client.ifPresent(proxy -> settings(rule)
                .filter(tls ->
                        tls.value().mode() == TlsMode.SIMPLE || tls.value().mode() == TlsMode.MUTUAL)
                .filter(tls -> !tls.value().credentialName().isEmpty())
                .forEach(tls -> report.at(
                        tls.below("credentialName"),
                        "client proxy \"%s/%s\" cannot use credential \"%s\" (expected: a workloadSelector beside it)"
                                .formatted(
                                        proxy.namespace(),
                                        proxy.name(),
                                        tls.value().credentialName()))));
    }

    private static boolean sees(DestinationRule rule, String owner, String viewer) {
        return rule.exportTo().isEmpty()
                || rule.exportTo().contains("*")
                || rule.exportTo().contains(viewer)
                || (rule.exportTo().contains(".") && owner.equals(viewer));
    }

    /// Every place of a rule where TLS towards endpoints is written.
    static Stream<At<ClientTlsSettings>> settings(At<DestinationRule> rule) {
        return Stream.concat(
                        rule.field("trafficPolicy", DestinationRule::trafficPolicy),
                        rule.each("subsets", DestinationRule::subsets)
                                .flatMap(subset -> subset.field("trafficPolicy", Subset::trafficPolicy)))
                .flatMap(policy -> Stream.concat(
                        policy.field("tls", TrafficPolicy::tls),
                        policy.each("portLevelSettings", TrafficPolicy::portLevelSettings)
                                .flatMap(port -> port.field("tls", PortTrafficPolicy::tls))));
    }
}
