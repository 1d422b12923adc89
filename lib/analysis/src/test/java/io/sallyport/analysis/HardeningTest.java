package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.text.Addresses;
import io.sallyport.model.Finding;
import io.sallyport.model.Severity;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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
    @ValueSource(
            strings = {
                "a{1000}{1000}",
                "(a)\\\\1",
                "a(?=b)",
                "(",
                "\\\\C",
                "a{1001}",
                "(a{10}){101}",
                "(((a{1000}){1000}){1000}){1000}"
            })
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

    @Tag("V2")
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
                .containsAnyOf("SP2107", "SP2110");
    }

    @Tag("H9")
    @Test
    void weightsBeyondEnvoysSumAreWarnedOf() {
        var share = "{destination: {host: a.test}, weight: 2147483647}, ";
        assertThat(warnings(http("route: [" + share.repeat(2) + "]"))).doesNotContain("SP4212");
        assertThat(warnings(http("route: [" + share.repeat(3) + "]"))).contains("SP4212");
        assertThat(refusals(http("route: [" + share.repeat(3) + "]"))).isEmpty();
        assertThat(warnings(service("hosts: [a.test], tcp: [{route: [" + share.repeat(3) + "]}]")))
                .contains("SP4212");
    }

    @Tag("H21")
    @ParameterizedTest
    @ValueSource(strings = {"a b", "a:b", "a(b", "é", "a\\nb"})
    void changedHeaderThatIsNoTokenIsWarnedOf(String name) {
        for (var change : List.of("set: {\"%s\": v}", "add: {\"%s\": v}", "remove: [\"%s\"]")) {
            for (var direction : List.of("request", "response")) {
                var yaml = http("headers: {%s: {%s}}, route: [{destination: {host: a}}]"
                        .formatted(direction, change.formatted(name)));
                assertThat(warnings(yaml)).as(yaml).contains("SP4213");
                assertThat(refusals(yaml)).as(yaml).isEmpty();
            }
        }
    }

    @Tag("H21")
    @Test
    void changedHeaderOfAKilobyteIsWarnedOf() {
        var yaml = http(
                "headers: {request: {remove: [%s]}}, route: [{destination: {host: a}}]".formatted("x".repeat(1024)));
        assertThat(warnings(yaml)).contains("SP4213");
        assertThat(refusals(yaml)).isEmpty();
    }

    @Tag("H21")
    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "\":path\""})
    void changedHeaderWithoutANameIsRefused(String name) {
        assertThat(refusals(
                        http("headers: {request: {set: {%s: v}}}, route: [{destination: {host: a}}]".formatted(name))))
                .isNotEmpty();
    }

    @Tag("H21")
    @ParameterizedTest
    @ValueSource(strings = {"Connection", "Content-Length", "Transfer-Encoding", "keep-alive", "TE"})
    void headerOfTheConnectionIsLeftAlone(String name) {
        for (var change : List.of("set: {%s: v}", "add: {%s: v}", "remove: [%s]")) {
            for (var direction : List.of("request", "response")) {
                var yaml = http("headers: {%s: {%s}}, route: [{destination: {host: a}}]"
                        .formatted(direction, change.formatted(name)));
                assertThat(warnings(yaml)).as(yaml).contains("SP4218");
                assertThat(refusals(yaml)).as(yaml).isEmpty();
            }
        }
    }

    @Tag("H21")
    @Test
    void hostIsRewrittenOnRequestsAlone() {
        assertThat(refusals(http("headers: {request: {set: {Host: b.test}}}, route: [{destination: {host: a}}]")))
                .isEmpty();
        assertThat(refusals(http("headers: {request: {remove: [Host]}}, route: [{destination: {host: a}}]")))
                .isNotEmpty();
        assertThat(refusals(http("headers: {response: {set: {Host: b.test}}}, route: [{destination: {host: a}}]")))
                .isNotEmpty();
    }

    @Tag("H21")
    @ParameterizedTest
    @ValueSource(strings = {"X_Y", "x-envoy-a", "a.b", "x~y"})
    void changedHeaderThatIsATokenIsFine(String name) {
        assertThat(warnings(
                        http("headers: {request: {set: {%s: v}}}, route: [{destination: {host: a}}]".formatted(name))))
                .doesNotContain("SP4213");
    }

    @Tag("H21")
    @ParameterizedTest
    @ValueSource(strings = {"a b", "a:b", ""})
    void matchedHeaderIsAName(String name) {
        assertThat(refusals(http(
                        "match: [{headers: {\"%s\": {exact: v}}}], directResponse: {status: 200}".formatted(name))))
                .isNotEmpty();
    }

    @Tag("H25")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "/./a",
                "/../a",
                "/a/%2e%2E/b",
                "/a?b",
                "/a#b",
                "/a\\u0001",
                "/a\\u007f",
                "/a b",
                "/a\\\\b",
                "/%00",
                "/%61",
                "/é",
                "http://a.test/"
            })
    void pathThatNeverMatchesIsWarnedOf(String path) {
        for (var form : List.of("exact", "prefix")) {
            var yaml = http("match: [{uri: {%s: \"%s\"}}], directResponse: {status: 200}".formatted(form, path));
            assertThat(warnings(yaml)).as(yaml).contains("SP4214");
            assertThat(refusals(yaml)).as(yaml).isEmpty();
        }
    }

    @Tag("H25")
    @ParameterizedTest
    @ValueSource(strings = {"/", "//a", "/a%2fb", "/a%2Fb", "/.well-known/x", "/a%", "/a;b=c", "/~a"})
    void pathThatCanMatchIsFine(String path) {
        for (var form : List.of("exact", "prefix")) {
            var yaml = http("match: [{uri: {%s: \"%s\"}}], directResponse: {status: 200}".formatted(form, path));
            assertThat(warnings(yaml)).as(yaml).doesNotContain("SP4214");
        }
    }

    @Tag("H25")
    @Test
    void emptyPrefixAndPrefixThatEndsInsideASegmentAreFine() {
        for (var prefix : List.of("", "/.", "/a/..")) {
            assertThat(warnings(
                            http("match: [{uri: {prefix: \"%s\"}}], directResponse: {status: 200}".formatted(prefix))))
                    .doesNotContain("SP4214");
        }
        assertThat(warnings(http("match: [{uri: {exact: \"\"}}], directResponse: {status: 200}")))
                .contains("SP4214");
    }

    @Tag("H26")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "redirect: {uri: //evil.test/}",
                "redirect: {uri: 'https://evil.test'}",
                "redirect: {uri: 'javascript:alert(1)'}",
                "redirect: {uri: .evil.test/}",
                "redirect: {uri: '@evil.test/'}",
                "redirect: {uri: '/\\evil.test/'}",
                "redirect: {uri: \"/a\\r\\nx: y\"}",
                "rewrite: {uri: //evil.test/}, route: [{destination: {host: a}}]",
                "rewrite: {uri: 'https://evil.test'}, route: [{destination: {host: a}}]",
                "rewrite: {uri: /..}, route: [{destination: {host: a}}]",
                "rewrite: {uri: /%2e%2e/b}, route: [{destination: {host: a}}]",
                "rewrite: {uriRegexRewrite: {match: '/(a)', rewrite: '/\\9'}}, route: [{destination: {host: a}}]",
                "rewrite: {uriRegexRewrite: {match: '/(a)', rewrite: '/\\2'}}, route: [{destination: {host: a}}]",
                "rewrite: {uriRegexRewrite: {match: '/(a)', rewrite: '/\\x'}}, route: [{destination: {host: a}}]",
                "rewrite: {uriRegexRewrite: {match: '/(a)', rewrite: '/a\\'}}, route: [{destination: {host: a}}]",
                "rewrite: {uriRegexRewrite: {match: '/(a)', rewrite: '//evil.test/\\1'}}, route: [{destination: {host: a}}]"
            })
    void newPathThatLeadsElsewhereIsWarnedOf(String rule) {
        assertThat(warnings(http(rule))).contains("SP4215");
        assertThat(refusals(http(rule))).isEmpty();
    }

    @Tag("H26")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "redirect: {uri: /new}",
                "redirect: {uri: '%PREFIX()%/new'}",
                "redirect: {uri: '/new?to=../a'}",
                "rewrite: {uri: /}, route: [{destination: {host: a}}]",
                "rewrite: {authority: b.test}, route: [{destination: {host: a}}]",
                "rewrite: {uriRegexRewrite: {match: '/(a)', rewrite: '/\\1\\\\\\0'}}, route: [{destination: {host: a}}]",
                "rewrite: {uriRegexRewrite: {match: 'a', rewrite: 'b'}}, route: [{destination: {host: a}}]"
            })
    void newPathThatIsPlainIsFine(String rule) {
        assertThat(warnings(http(rule))).doesNotContain("SP4215");
    }

    @Tag("H28")
    @Timeout(120)
    @Test
    void fiveThousandRulesOfOneObjectAreChecked() {
        var rules = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            rules.append("{match: [{uri: {prefix: /r%d/}}], directResponse: {status: 200}}, ".formatted(i));
        }
        var analyzer = new Analyzer();
        var image = Documents.image(service("hosts: [a.test], gateways: [edge], http: [" + rules + "]"));

        var findings = analyzer.check(image).findings();

        assertThat(findings)
                .noneMatch(Finding::isRefusal)
                .hasSizeLessThan(Rules.all().size() * Report.MOST);
        assertThat(analyzer.inspections()).isEqualTo(1);
    }

    @Tag("H28")
    @Timeout(120)
    @Test
    void objectsOfOneHostAreComparedInProportionToTheirNumber() {
        var few = new Analyzer();
        few.check(Documents.image(services(500)));
        var many = new Analyzer();
        var checked = many.check(Documents.image(services(2_000)));

        assertThat(many.inspections()).isEqualTo(2_000);
        assertThat(many.comparisons()).isEqualTo(4 * few.comparisons());
        long related = checked.findings().stream()
                .mapToLong(finding -> finding.related().size())
                .sum();
        assertThat(related).isLessThan(2_000L * 100);
    }

    private static String services(int count) {
        var text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append("---\n")
                    .append(http("match: [{uri: {prefix: /r%d/}}], directResponse: {status: 200}".formatted(i))
                            .replace("name: a}", "name: vs-" + i + "}"));
        }
        return text.toString();
    }

    @Tag("H33")
    @Tag("V10")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254",
                "169.254.0.1",
                "fe80::1",
                "febf::1",
                "fe80::1%eth0",
                "fd00:ec2::254",
                "FD00:0EC2:0:0:0:0:0:254",
                "::ffff:169.254.169.254",
                "::ffff:a9fe:a9fe",
                "::169.254.169.254",
                "64:ff9b::169.254.169.254"
            })
    void linkLocalEndpointIsWarnedOf(String address) {
        assertThat(Addresses.isLinkLocal(address)).isTrue();
        for (var yaml : List.of(
                document(
                        "networking.istio.io/v1",
                        "ServiceEntry",
                        "spec: {hosts: [a.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: '%s'}]}"
                                .formatted(address)),
                document("networking.istio.io/v1", "WorkloadEntry", "spec: {address: '%s'}".formatted(address)),
                document(
                        "discovery.k8s.io/v1",
                        "EndpointSlice",
                        "addressType: %s\nendpoints: [{addresses: ['%s']}]"
                                .formatted(address.indexOf(':') < 0 ? "IPv4" : "IPv6", address)))) {
            assertThat(warnings(yaml)).as(yaml).contains("SP4506");
            assertThat(refusals(yaml)).as(yaml).isEmpty();
        }
    }

    @Tag("H33")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "10.0.0.1",
                "169.253.1.1",
                "192.168.1.1",
                "::1",
                "fec0::1",
                "fd00:ec2::255",
                "::ffff:10.0.0.1",
                "a.test",
                "unix:///run/a.sock",
                "169.254.169.254.test",
                ""
            })
    void otherEndpointsAreServed(String address) {
        assertThat(Addresses.isLinkLocal(address)).isFalse();
    }

    @Tag("V9")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "unix:///var/run/sallyport/admin.sock",
                "unix:///run/sallyport/anything",
                "unix:///var/run//sallyport/./x/../admin.sock",
                "unix:///proc/self/root/var/run/sallyport/admin.sock",
                "unix:///home/ada/.sallyport/sds.sock",
                "unix:///srv/data/sds.sock",
                "unix:///srv/data/admin/edge.shop.sock",
                "unix:///tmp/sallyport-0123456789ab/edge.shop.sock",
                "unix:///srv/data/relay.sock"
            })
    void aProxysOwnSocketIsWarnedOfAndWithheld(String address) {
        assertThat(Addresses.isOwnSocket(address)).isTrue();
        for (var yaml : List.of(
                document(
                        "networking.istio.io/v1",
                        "ServiceEntry",
                        "spec: {hosts: [a.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: '%s'}]}"
                                .formatted(address)),
                document("networking.istio.io/v1", "WorkloadEntry", "spec: {address: '%s'}".formatted(address)))) {
            assertThat(warnings(yaml)).as(yaml).contains("SP4506");
        }
    }

    @Tag("V9")
    @ParameterizedTest
    @ValueSource(
            strings = {"unix:///run/a.sock", "unix://@sallyport", "unix:///run/app/admin/x", "10.0.0.1", "sallyport", ""
            })
    void otherSocketsAreServed(String address) {
        assertThat(Addresses.isOwnSocket(address)).isFalse();
    }

    @Tag("V9")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.8.9.10",
                "0.0.0.0",
                "::1",
                "::",
                "[::1]",
                "0:0:0:0:0:0:0:1",
                "::ffff:127.0.0.1",
                "::ffff:7f00:1",
                "::127.0.0.1",
                "64:ff9b::127.0.0.1",
                "localhost",
                "LOCALHOST.",
                "a.localhost",
                "ip6-localhost",
                "127.1",
                "127.0.1",
                "127.0.0.1.",
                "2130706433",
                "0x7f000001",
                "0x7f.1",
                "0177.0.0.1",
                "017700000001",
                "0"
            })
    void aDoorOfSallyportOnThisMachineIsWarnedOfHoweverItIsSpelled(String address) {
        assertThat(Addresses.isOwnDoor(address, 15_010)).isTrue();
        assertThat(Addresses.isOwnDoor(address, 8_080))
                .as("a backend beside it")
                .isFalse();
        for (var resolution : List.of("STATIC", "DNS")) {
            var entry = document(
                    "networking.istio.io/v1",
                    "ServiceEntry",
                    "spec: {hosts: [a.test], resolution: %s, ports: [{number: 15010, name: http, protocol: HTTP}], endpoints: [{address: '%s'}]}"
                            .formatted(resolution, address));
            // What is no address at all is refused as such.
            assertThat(Documents.findings(entry))
                    .as(entry)
                    .map(finding -> finding.code().id())
                    .anyMatch(code -> code.startsWith("SP1") || code.equals("SP4506"));
        }
    }

    @Tag("V9")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.1",
                "128.0.0.1",
                "2001:db8::1",
                "::2",
                "localhost.example",
                "127.example",
                "notlocalhost",
                "1.2.3.4.5",
                "127.0.0.256",
                "2147483648",
                "0x",
                "08.1",
                ""
            })
    void otherMachinesMayHaveSuchPorts(String address) {
        assertThat(Addresses.isOwnDoor(address, 15_010)).isFalse();
    }

    @Tag("H34")
    @Test
    void envoyFilterAndWasmPluginSayThatTheyHaveNoEffect() {
        var filter = document(
                "networking.istio.io/v1alpha3",
                "EnvoyFilter",
                "spec: {configPatches: [{applyTo: CLUSTER, patch: {operation: MERGE, value: {name: a}}}]}");
        var plugin = document("extensions.istio.io/v1alpha1", "WasmPlugin", "spec: {url: 'oci://a.test/b:1'}");
        for (var yaml : List.of(filter, plugin)) {
            assertThat(refusals(yaml)).as(yaml).isEmpty();
            assertThat(Documents.findings(yaml))
                    .as(yaml)
                    .filteredOn(finding -> finding.code().id().equals("SP5001"))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.message()).contains("known, has no effect here"));
        }
    }

    @Tag("H34")
    @ParameterizedTest
    @ValueSource(strings = {"virtualService", "VIRTUALSERVICE", "virtualservice", "VirtualServce"})
    void kindInTheWrongCaseIsRefusedWithTheRightOne(String kind) {
        assertThat(refusals(document("networking.istio.io/v1", kind, "spec: {hosts: [a.test]}")))
                .isNotEmpty()
                .anyMatch(message -> message.contains("VirtualService"));
    }

    @Tag("H34")
    @Test
    void listInsideAListIsNotFollowedAndSaysSo() {
        var yaml = """
                apiVersion: v1
                kind: List
                items:
                - apiVersion: v1
                  kind: List
                  items:
                  - {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: {hosts: [a.test], resolution: NONE}}
                """;
        assertThat(Documents.objects(yaml)).isEmpty();
        assertThat(Documents.findings(yaml))
                .singleElement()
                .satisfies(finding -> assertThat(finding.message()).contains("List"));
    }

    private static String document(String version, String kind, String rest) {
        return "apiVersion: %s\nkind: %s\nmetadata: {namespace: shop, name: a, labels: {kubernetes.io/service-name: a}}\n%s\n"
                .formatted(version, kind, rest);
    }

    private static List<String> warnings(String yaml) {
        return Documents.findings(yaml).stream()
                .filter(finding -> finding.code().severity() == Severity.WARNING)
                .map(finding -> finding.code().id())
                .toList();
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
