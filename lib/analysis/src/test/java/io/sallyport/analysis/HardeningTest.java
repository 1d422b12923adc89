package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Hostile values in configuration, by the numbers of the hardening list: refused where Istio refuses, or where they
/// would hand out secrets or break Envoy; the rest is warned of or literal.
class HardeningTest {

    @Tag("H7")
    @ParameterizedTest
    @ValueSource(strings = {"080", "0x50", "1_000", "8e1", "80.0", "\"80\"", "+80", ".inf"})
    void portIsPlainDecimal(String port) {
        assertThat(refusals(gateway("{number: %s, name: http, protocol: HTTP}".formatted(port), "\"*\"")))
                .isNotEmpty();
    }

    @Tag("H8")
    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "65536", "2147483648", "4294967376"})
    void portIsInRange(String port) {
        assertThat(refusals(gateway("{number: %s, name: http, protocol: HTTP}".formatted(port), "\"*\"")))
                .isNotEmpty();
    }

    @Tag("H9")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{destination: {host: a}, weight: -1}]",
                "[{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}]",
                "[{destination: {host: a}, weight: 2147483648}]"
            })
    void weightsSplitSomething(String route) {
        assertThat(refusals(http("route: " + route))).isNotEmpty();
    }

    @Tag("H9")
    @ParameterizedTest
    @ValueSource(ints = {500})
    void fiveHundredDestinationsAreFine(int count) {
        var shares = "{destination: {host: a.test}, weight: 1}, ".repeat(count);
        assertThat(refusals(http("route: [" + shares + "]"))).isEmpty();
    }

    @Tag("H10")
    @ParameterizedTest
    @ValueSource(strings = {"-1s", "1.0000000001s", "\"\"", "1d", "0s", "999us"})
    void durationIsPositiveAndWhole(String duration) {
        assertThat(refusals(http("timeout: %s, route: [{destination: {host: a}}]".formatted(duration))))
                .isNotEmpty();
    }

    @Tag("H10")
    @ParameterizedTest
    @ValueSource(strings = {".nan", "100.0001", "-0.1"})
    void percentageIsAShare(String percentage) {
        assertThat(refusals(http(
                        "fault: {abort: {httpStatus: 500, percentage: {value: %s}}}, route: [{destination: {host: a}}]"
                                .formatted(percentage))))
                .isNotEmpty();
    }

    @Tag("H16")
    @ParameterizedTest
    @ValueSource(strings = {"аpple.test", "shop。test", "ｓhop.test", "ß.test", "faß.de", "😀.test"})
    void hostIsAscii(String host) {
        assertThat(refusals(service("hosts: [\"%s\"], http: [{directResponse: {status: 200}}]".formatted(host))))
                .isNotEmpty()
                .allMatch(message -> message.contains("not ASCII"));
    }

    @Tag("H17")
    @ParameterizedTest
    @ValueSource(strings = {"-a.test", "a-.test", "a..b", ".a.test", "_srv.a.test", "a b.test"})
    void labelsAreDnsLabels(String host) {
        assertThat(refusals(service("hosts: [\"%s\"], http: [{directResponse: {status: 200}}]".formatted(host))))
                .isNotEmpty();
    }

    @Tag("H18")
    @ParameterizedTest
    @ValueSource(strings = {"a.*.b", "*a.b", "**.a", "*.*", "a/*/b", "./", "/a.b", "a/b/c"})
    void wildcardStandsInFront(String host) {
        assertThat(refusals(gateway("{number: 80, name: http, protocol: HTTP}", "\"" + host + "\"")))
                .isNotEmpty();
    }

    @Tag("H19")
    @ParameterizedTest
    @ValueSource(strings = {"017700000001", "2130706433", "[::1]", "1.2.3.4/33"})
    void addressIsCanonical(String address) {
        assertThat(refusals(
                        "ServiceEntry", "{hosts: [a.test], resolution: NONE, addresses: [\"%s\"]}".formatted(address)))
                .isNotEmpty();
    }

    @Tag("H20")
    @ParameterizedTest
    @ValueSource(strings = {"a\\rb", "a\\nb", "a\\u007fb", "a\\u0001b"})
    void headerValueHasNoControlCharacters(String value) {
        assertThat(refusals(http(
                        "headers: {request: {set: {x: \"%s\"}}}, route: [{destination: {host: a}}]".formatted(value))))
                .isNotEmpty();
    }

    @Tag("H20")
    @ParameterizedTest
    @ValueSource(strings = {"é", "a b", "{{7*7}}", "${jndi:ldap://x}", "<script>"})
    void headerValueIsLiteralOtherwise(String value) {
        assertThat(refusals(http(
                        "headers: {request: {set: {x: \"%s\"}}}, route: [{destination: {host: a}}]".formatted(value))))
                .isEmpty();
    }

    @Tag("H22")
    @ParameterizedTest
    @ValueSource(strings = {"%REQ(authorization)%", "%REQ(Cookie)%"})
    void copiedCredentialIsWarnedOf(String value) {
        var yaml = http("headers: {request: {set: {x: \"%s\"}}}, route: [{destination: {host: a}}]".formatted(value));
        assertThat(refusals(yaml)).isEmpty();
        assertThat(Documents.findings(yaml))
                .extracting(finding -> finding.code().id())
                .contains("SP4208");
    }

    @Tag("H23")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "headers: {request: {set: {x: \"%ENVIRONMENT(AWS_SECRET_ACCESS_KEY)%\"}}}, route: [{destination: {host: a}}]",
                "headers: {response: {add: {x: \"%ENVIRONMENT(A)%\"}}}, route: [{destination: {host: a}}]",
                "route: [{destination: {host: a}, headers: {request: {add: {x: \"a%ENVIRONMENT(A)%\"}}}}]",
                "directResponse: {status: 200, body: {string: \"%ENVIRONMENT(A)%\"}}",
                "redirect: {uri: \"/%ENVIRONMENT(A)%\"}",
                "redirect: {authority: \"%FILE_CONTENT(/etc/passwd)%\"}"
            })
    void environmentOfTheGatewayStaysThere(String rule) {
        assertThat(refusals(http(rule))).isNotEmpty();
    }

    @Tag("H24")
    @ParameterizedTest
    @ValueSource(strings = {"%FILE_CONTENT(/x)%", "%NOPE%", "100%", "%REQ(x", "%REQ(x)%:999999%", "%req(x)%"})
    void brokenCommandIsRefused(String value) {
        assertThat(refusals(http(
                        "headers: {request: {set: {x: \"%s\"}}}, route: [{destination: {host: a}}]".formatted(value))))
                .isNotEmpty();
    }

    @Tag("H24")
    @ParameterizedTest
    @ValueSource(strings = {"%%REQ(x)%%", "100%%", "%REQ(x?y):10%", "%DYNAMIC_METADATA(a:b:c)%"})
    void wholeCommandAndEscapedPercentAreFine(String value) {
        assertThat(refusals(http(
                        "headers: {request: {set: {x: \"%s\"}}}, route: [{destination: {host: a}}]".formatted(value))))
                .isEmpty();
    }

    @Tag("H27")
    @Tag("V16")
    @ParameterizedTest
    @ValueSource(strings = {"a{1000}{1000}", "(a)\\\\1", "a(?=b)", "(", "\\\\C", "a{1001}"})
    void regexIsThatOfRe2(String regex) {
        assertThat(refusals(http("match: [{uri: {regex: \"%s\"}}], directResponse: {status: 200}".formatted(regex))))
                .isNotEmpty();
    }

    @Tag("H27")
    @Tag("V16")
    @ParameterizedTest
    @ValueSource(strings = {"(a+)+$", "(a|a)*b"})
    void slowRegexOfOtherEnginesIsFine(String regex) {
        assertThat(refusals(http("match: [{uri: {regex: \"%s\"}}], directResponse: {status: 200}".formatted(regex))))
                .isEmpty();
    }

    @Tag("H32")
    @ParameterizedTest
    @ValueSource(strings = {"[\"~\"]", "[\".\", \"*\"]", "[\"\"]", "[\"a_b\"]"})
    void exportIsANamespace(String exportTo) {
        assertThat(refusals(service(
                        "hosts: [a.test], exportTo: %s, http: [{directResponse: {status: 200}}]".formatted(exportTo))))
                .isNotEmpty();
    }

    @Tag("H35")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/proc/self/environ",
                "/var/run/secrets/kubernetes.io/serviceaccount/token",
                "/etc/certs/../../proc/self/environ"
            })
    void certificateIsNoSecretOfTheGateway(String path) {
        assertThat(refusals(
                        "Gateway",
                        "{servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"*\"], tls: {mode: SIMPLE, serverCertificate: %s, privateKey: /k}}]}"
                                .formatted(path)))
                .isNotEmpty();
    }

    @Tag("H31")
    @ParameterizedTest
    @ValueSource(strings = {"self", "missing"})
    void delegateThatCannotBeFollowedIsWithheld(String name) {
        var yaml = """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: self}
                spec: {hosts: [a.test], gateways: [edge], http: [{delegate: {name: %s}}]}
                """.formatted(name);
        assertThat(refusals(yaml)).isEmpty();
        assertThat(Documents.findings(yaml))
                .extracting(finding -> finding.code().id())
                .contains("SP2107");
    }

    private static List<String> refusals(String kind, String spec) {
        return refusals("apiVersion: networking.istio.io/v1\nkind: %s\nmetadata: {namespace: shop, name: a}\nspec: %s\n"
                .formatted(kind, spec));
    }

    private static List<String> refusals(String yaml) {
        return Documents.findings(yaml).stream()
                .filter(finding -> finding.isRefusal())
                .map(finding -> finding.message())
                .toList();
    }

    private static String gateway(String port, String host) {
        return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {namespace: shop, name: a}\nspec: {servers: [{port: %s, hosts: [%s]}]}\n"
                .formatted(port, host);
    }

    private static String service(String spec) {
        return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: shop, name: a}\nspec: {%s}\n"
                .formatted(spec);
    }

    private static String http(String rule) {
        return service("hosts: [a.test], http: [{" + rule + "}]");
    }
}
