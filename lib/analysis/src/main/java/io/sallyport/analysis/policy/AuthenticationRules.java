package io.sallyport.analysis.policy;

import static io.sallyport.model.Severity.ERROR;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Durations;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.model.Kind;
import io.sallyport.model.PeerAuthentication;
import io.sallyport.model.RequestAuthentication;
import io.sallyport.model.RequestAuthentication.JwtRule;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/// Which tokens and certificates are believed.
final class AuthenticationRules {

    private AuthenticationRules() {}

    static List<Rule<?>> all() {
        return List.of(new TokenRuleIsValid(), new PortModeHasWorkload());
    }

    /// SP1810: tokens of nobody.
    static final class TokenRuleIsValid extends ObjectRule<RequestAuthentication> {
        private static final int MOST = 4096;

        TokenRuleIsValid() {
            super(
                    "SP1810",
                    ERROR,
                    "Token rule is not valid",
                    Kind.REQUEST_AUTHENTICATION,
                    RequestAuthentication.class,
                    new Page(
                            "Keys come from jwks or from an http(s) jwksUri, and claims go to plain header names.",
                            "{jwtRules: [{issuer: a.test, jwksUri: \"ftp://a.test/keys\"}]}",
                            "{jwtRules: [{issuer: a.test, jwksUri: \"https://a.test/keys\"}]}"));
        }

        @Override
        public void check(At<RequestAuthentication> authentication, Report report) {
            int count = authentication.value().jwtRules().size();
            if (count > MOST) {
                report.at(
                        authentication.below("jwtRules"), "%d jwtRules (expected: at most %d)".formatted(count, MOST));
            }
            authentication.each("jwtRules", RequestAuthentication::jwtRules).forEach(rule -> {
                var value = rule.value();
                if (value.issuer().isEmpty() && value.jwksUri().isEmpty()) {
                    report.at(rule, "neither issuer nor jwksUri (expected: one of them, or both)");
                }
                if (!value.jwks().isEmpty() && !value.jwksUri().isEmpty()) {
                    report.at(rule.below("jwksUri"), "jwksUri beside jwks (expected: one of the two)");
                }
                if (!value.jwksUri().isEmpty() && !isWebAddress(value.jwksUri())) {
                    report.at(
                            rule.below("jwksUri"),
                            "jwksUri \"%s\" (expected: \"https://…\" or \"http://…\")".formatted(value.jwksUri()));
                }
                rule.field("jwks", JwtRule::jwks)
                        .filter(keys -> !keys.value().isEmpty())
                        .forEach(keys -> KeySet.problem(keys.value()).ifPresent(problem -> report.at(keys, problem)));
                names(rule, report);
                rule.field("timeout", JwtRule::timeout)
                        .forEach(
                                time -> Durations.problem(time.value()).ifPresent(problem -> report.at(time, problem)));
            });
        }

        private static void names(At<JwtRule> rule, Report report) {
            rule.each("outputClaimToHeaders", JwtRule::outputClaimToHeaders).forEach(output -> {
                if (!HeaderNames.isPlain(output.value().header())) {
                    report.at(
                            output.below("header"),
                            "header \"%s\" (expected: letters, digits and \"-\")"
                                    .formatted(output.value().header()));
                }
            });
        }

        private static boolean isWebAddress(String text) {
            try {
                var uri = new URI(text);
                var scheme = uri.getScheme();
                boolean web = "http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme);
                var authority = uri.getRawAuthority();
                return web && authority != null && hasNumericPort(authority);
            } catch (URISyntaxException e) {
                return false;
            }
        }
    }

    // Go's parser takes any host, and nothing but digits for a port.
    private static boolean hasNumericPort(String authority) {
        var host = authority.substring(authority.lastIndexOf('@') + 1);
        int colon = host.lastIndexOf(':');
        return colon < host.indexOf(']')
                || colon < 0
                || host.substring(colon + 1).chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /// SP1811: ports of no workload.
    static final class PortModeHasWorkload extends ObjectRule<PeerAuthentication> {
        PortModeHasWorkload() {
            super(
                    "SP1811",
                    ERROR,
                    "Mutual TLS by port without a workload",
                    Kind.PEER_AUTHENTICATION,
                    PeerAuthentication.class,
                    new Page(
                            "portLevelMtls needs a selector with labels; its keys are ports of 1 to 65535.",
                            "{portLevelMtls: {\"8080\": {mode: DISABLE}}}",
                            "{selector: {matchLabels: {app: cart}}, portLevelMtls: {\"8080\": {mode: DISABLE}}}"));
        }

        @Override
        public void check(At<PeerAuthentication> authentication, Report report) {
            var selector = authentication.value().selector();
            boolean selects = selector != null && !selector.matchLabels().isEmpty();
            if (!selects && !authentication.value().portLevelMtls().isEmpty()) {
                report.at(
                        authentication.below("portLevelMtls"),
                        "portLevelMtls without selector (expected: selector: {matchLabels: …})");
            }
            authentication
                    .entries("portLevelMtls", PeerAuthentication::portLevelMtls)
                    .filter(port -> !isPort(port.path().name()))
                    .forEach(port -> report.at(
                            port,
                            "port \"%s\" (expected: 1 to 65535)"
                                    .formatted(port.path().name())));
        }

        private static boolean isPort(String text) {
            return !text.isEmpty()
                    && text.length() <= 5
                    && text.chars().allMatch(c -> c >= '0' && c <= '9')
                    && Integer.parseInt(text) >= 1
                    && Integer.parseInt(text) <= 65535;
        }
    }
}
