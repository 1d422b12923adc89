package io.sallyport.analysis.kubernetes;

import static io.sallyport.model.Severity.ERROR;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Secret;
import java.util.List;

/// What is in a Secret, by the names of its keys alone. That these are names at all the reader checks. (Kubernetes:
/// `ValidateSecret` in
/// `pkg/apis/core/validation/validation.go`.)
final class SecretContentRules {

    private SecretContentRules() {}

    static List<Rule<?>> all() {
        return List.of(new SecretHasKeysOfItsType());
    }

    /// SP1941: some types of Secret have keys that they need.
    static final class SecretHasKeysOfItsType extends ObjectRule<Secret> {
        private static final String ACCOUNT = "kubernetes.io/service-account.name";

        SecretHasKeysOfItsType() {
            super(
                    "SP1941",
                    ERROR,
                    "Secret lacks a key of its type",
                    Kind.SECRET,
                    Secret.class,
                    new Page(
                            "A Secret of type kubernetes.io/tls has tls.crt and tls.key; the other types of Kubernetes have keys of their own. Opaque has any.",
                            "apiVersion: v1\nkind: Secret\nmetadata: {namespace: shop, name: cert}\ntype: kubernetes.io/tls\ndata: {tls.crt: YQ==}\n",
                            "apiVersion: v1\nkind: Secret\nmetadata: {namespace: shop, name: cert}\ntype: Opaque\ndata: {tls.crt: YQ==}\n"));
        }

        @Override
        public void check(At<Secret> secret, Report report) {
            switch (secret.value().type()) {
                case "kubernetes.io/tls" -> {
                    needs(secret, "tls.crt", report);
                    needs(secret, "tls.key", report);
                }
                case "kubernetes.io/dockercfg" -> needs(secret, ".dockercfg", report);
                case "kubernetes.io/dockerconfigjson" -> needs(secret, ".dockerconfigjson", report);
                case "kubernetes.io/ssh-auth" -> needs(secret, "ssh-privatekey", report);
                case "kubernetes.io/basic-auth" -> {
                    var keys = secret.value().keys();
                    if (!keys.contains("username") && !keys.contains("password")) {
                        report.at(Path.of("data"), "no key \"username\" or \"password\" (expected: one of them)");
                    }
                }
                case "kubernetes.io/service-account-token" -> {
                    if (report.object()
                            .metadata()
                            .annotations()
                            .getOrDefault(ACCOUNT, "")
                            .isEmpty()) {
                        report.at(
                                Path.of("metadata", "annotations"),
                                "no annotation \"%s\" (expected: the name of a service account)".formatted(ACCOUNT));
                    }
                }
                default -> {}
            }
        }

        private static void needs(At<Secret> secret, String key, Report report) {
            if (!secret.value().keys().contains(key)) {
                report.at(
                        Path.of("data"),
                        "no key \"%s\" in a Secret of type %s (expected: it; or type Opaque)"
                                .formatted(key, secret.value().type()));
            }
        }
    }
}
