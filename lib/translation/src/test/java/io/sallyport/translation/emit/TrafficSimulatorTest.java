package io.sallyport.translation.emit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.HeaderEdits;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RequestMatch;
import io.sallyport.translation.plan.RequestMatch.HeaderCondition;
import io.sallyport.translation.plan.RequestMatch.PathMatch;
import io.sallyport.translation.plan.RequestMatch.QueryCondition;
import io.sallyport.translation.plan.RequestMatch.Sense;
import io.sallyport.translation.plan.Retry;
import io.sallyport.translation.plan.RouteRule;
import io.sallyport.translation.plan.Session;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.ValueTest;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.HeaderLines;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The simulator over what the emitter makes: a request in, the rule that answers out.
final class TrafficSimulatorTest {

    private static TrafficSimulator simulator(ProxyPlan plan) {
        return new TrafficSimulator(new Emitter().emit(Emission.EMPTY, plan, 1).resources());
    }

    private static TrafficSimulator simulator(Site... sites) {
        return simulator(Plans.plan(List.of(sites)));
    }

    private static String body(Answer answer) {
        return answer instanceof Answer.Replied replied ? replied.status() + " " + replied.body() : answer.toString();
    }

    private static Request get(String host, String path) {
        return Request.get(8080, host, path);
    }

    @Test
    @Tag("G10")
    void aPortWithoutListenerIsRefused() {
        assertThat(simulator(Plans.site("a.test", "a")).answer(Request.get(81, "a.test", "/")))
                .isEqualTo(new Answer.Refused(81));
    }

    @ParameterizedTest
    @Tag("N3")
    @Tag("N4")
    @Tag("N6")
    @CsvSource({
        "a.test, exact",
        "A.TEST:99, exact",
        "b.test, all",
        "x.wild.test, wild",
        "x.y.wild.test, wild",
        "x.deep.wild.test, deep",
        "wild.test, all",
        "a.test:abc, all"
    })
    void theMostSpecificHostAnswers(String host, String expected) {
        var simulator = simulator(
                Plans.site("a.test", "exact"),
                Plans.site("*.wild.test", "wild"),
                Plans.site("*.deep.wild.test", "deep"),
                Plans.site("*", "all"));

        assertThat(body(simulator.answer(get(host, "/")))).isEqualTo("200 " + expected);
    }

    @Test
    @Tag("G10")
    void anUnknownHostIsNotFound() {
        var answer = simulator(Plans.site("a.test", "a")).answer(get("b.test", "/"));

        assertThat(answer).isInstanceOfSatisfying(Answer.Replied.class, replied -> {
            assertThat(replied.status()).isEqualTo(404);
            assertThat(replied.flags()).isEqualTo("NR");
            assertThat(replied.trail().virtualHost()).isEmpty();
        });
    }

    @Test
    void aTrailNamesTheRouteThatWasTakenAndWhyTheOthersWereNot() {
        var first = Plans.rule("first", Plans.prefix("/api"), Plans.respond("api"));
        var second = Plans.rule("second", header("x-beta", new ValueTest.Exact("yes", true)), Plans.respond("beta"));
        var last = Plans.rule("last", Plans.prefix("/"), Plans.respond("rest"));

        var answer = simulator(Plans.site("a.test", List.of(first, second, last)))
                .answer(get("a.test", "/x").withHeader("x-beta", "no"));

        assertThat(answer).isInstanceOfSatisfying(Answer.Replied.class, replied -> {
            assertThat(replied.trail().virtualHost()).isEqualTo("a.test:80");
            assertThat(replied.trail().route().object()).isEqualTo("VirtualService shop/last");
            assertThat(replied.trail().route().rule()).isEqualTo("spec.http[0]");
            assertThat(replied.trail().rejected())
                    .extracting(rejection -> rejection.reason())
                    .containsExactly(
                            "path is \"/x\" (expected: starting with \"/api\")",
                            "header \"x-beta\" is \"no\" (expected: \"yes\")");
        });
    }

    private static RequestMatch header(String name, ValueTest test) {
        return header(name, test, Sense.MUST);
    }

    private static RequestMatch header(String name, ValueTest test, Sense sense) {
        return new RequestMatch(
                new PathMatch.Prefix("/", true), List.of(new HeaderCondition(name, test, sense)), List.of(), List.of());
    }

    private static boolean takes(RequestMatch match, Request request) {
        var site = Plans.site("a.test", List.of(Plans.rule("a", match, Plans.respond("yes"))));
        return body(simulator(site).answer(request)).equals("200 yes");
    }

    private static RequestMatch path(PathMatch path) {
        return new RequestMatch(path, List.of(), List.of(), List.of());
    }

    @ParameterizedTest
    @Tag("R2")
    @CsvSource({"/api, true", "/apix, true", "/api?x=/, true", "/ap, false", "/API, false", "/x?/api, false"})
    void aPrefixIsAPrefixOfThePathAlone(String path, boolean taken) {
        assertThat(takes(path(new PathMatch.Prefix("/api", true)), get("a.test", path)))
                .isEqualTo(taken);
    }

    @ParameterizedTest
    @CsvSource({"/api, true", "/API?q, true", "/apix, false"})
    void anExactPathMayIgnoreCase(String path, boolean taken) {
        assertThat(takes(path(new PathMatch.Exact("/api", false)), get("a.test", path)))
                .isEqualTo(taken);
    }

    @ParameterizedTest
    @CsvSource({"/v1/x, true", "/v12/x?q, true", "/v1/xy, false", "/a/v1/x, false"})
    void aPatternMatchesTheWholePath(String path, boolean taken) {
        assertThat(takes(path(new PathMatch.Pattern("/v[0-9]+/x")), get("a.test", path)))
                .isEqualTo(taken);
    }

    @ParameterizedTest
    @Tag("H96")
    @CsvSource({
        "/x/../admin, true",
        "/./admin, true",
        "/x/%2e%2e/admin, true",
        "/%61dmin, true",
        "//admin, false",
        "/%2fadmin, false"
    })
    void aPathIsNormalisedFirst(String path, boolean taken) {
        assertThat(takes(path(new PathMatch.Prefix("/admin", true)), get("a.test", path)))
                .isEqualTo(taken);
    }

    @ParameterizedTest
    @Tag("R4")
    @CsvSource({
        "MUST, yes, true",
        "MUST, no, false",
        "MUST, , false",
        "MUST_NOT, yes, false",
        "MUST_NOT, no, true",
        "MUST_NOT, , false",
        "MUST_NOT_MISSING_IS_EMPTY, , true"
    })
    void aHeaderConditionMayBeInverted(Sense sense, String value, boolean taken) {
        var request = value == null ? get("a.test", "/") : get("a.test", "/").withHeader("X-A", value);

        assertThat(takes(header("x-a", new ValueTest.Exact("yes", true), sense), request))
                .isEqualTo(taken);
    }

    @Test
    @Tag("R4")
    void presenceMayBeInverted() {
        var absent = header("x-a", new ValueTest.Present(), Sense.MUST_NOT);

        assertThat(takes(absent, get("a.test", "/"))).isTrue();
        assertThat(takes(absent, get("a.test", "/").withHeader("x-a", ""))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"/?v=1, true", "/?a=2&v=1&v=3, true", "/?v=2, false", "/?w=1, false", "/, false", "/?v=%31, true"})
    void aQueryParameterIsTestedByItsFirstValue(String path, boolean taken) {
        var match = new RequestMatch(
                new PathMatch.Prefix("/", true),
                List.of(),
                List.of(new QueryCondition("v", new ValueTest.Exact("1", true))),
                List.of());

        assertThat(takes(match, get("a.test", path))).isEqualTo(taken);
    }

    private static Action redirect(Action.PathChange path) {
        return new Action.Redirect(
                301,
                new Action.SchemeChange.To("https"),
                new Action.HostChange.Keep(),
                new Action.PortChange.Keep(),
                path);
    }

    @ParameterizedTest
    @Tag("R9")
    @CsvSource({
        "a.test, https://a.test/new?q",
        "a.test:80, https://a.test/new?q",
        "a.test:8080, https://a.test:8080/new?q"
    })
    void aRedirectKeepsQueryAndUnusualPort(String host, String location) {
        var rule = Plans.rule("a", Plans.prefix("/old"), redirect(new Action.PathChange.Whole("/new")));

        var answer = simulator(Plans.site("a.test", List.of(rule))).answer(get(host, "/old/x?q"));

        assertThat(((Answer.Replied) answer).headers().find("location")).contains(location);
    }

    private static Action.Forward forward(Action.PathChange path, Action.HostChange host, Action.Share... shares) {
        return new Action.Forward(
                List.of(shares),
                path,
                host,
                Timeout.none(),
                new Retry.None(),
                List.of(),
                new Action.Stickiness.None(),
                new Session.None(),
                Action.Missing.UNAVAILABLE);
    }

    private static Action.Forward forward(Action.PathChange path) {
        return forward(path, new Action.HostChange.Keep(), Action.Share.whole(Plans.upstreamId("up.test")));
    }

    private static Answer.Forwarded forwarded(RouteRule rule, Request request) {
        var plan = Plans.plan(List.of(Plans.site("a.test", List.of(rule))));
        // Both at once, so that the plan's own list of changes covers them.
        var emission = new Emitter().emit(Emission.EMPTY, plan, 1);
        var next = Plans.with(
                plan,
                Plans.upstream("up.test", Plans.listed("127.0.0.1", 9001)),
                Plans.upstream("other.test", Plans.listed("127.0.0.1", 9002)));
        var resources = new Emitter().emit(emission, next, 2).resources();
        assertThat(resources.withheld()).isEmpty();
        return (Answer.Forwarded) new TrafficSimulator(resources).answer(request);
    }

    @ParameterizedTest
    @Tag("R11")
    @CsvSource({"/api, /v2", "/api/x?q=1, /v2/x?q=1", "/apix, /v2x"})
    void aRewriteReplacesThePrefixThatMatched(String path, String expected) {
        var rule = Plans.rule("a", Plans.prefix("/api"), forward(new Action.PathChange.Matched("/v2")));

        var share = forwarded(rule, get("a.test", path)).shares().getFirst();

        assertThat(share.request().find(":path")).contains(expected);
        assertThat(share.request().find("x-envoy-original-path")).contains(path);
        assertThat(share.endpoints()).containsExactly("127.0.0.1:9001");
    }

    @Test
    @Tag("R11")
    void aRewriteByPatternFillsInGroups() {
        var rule =
                Plans.rule("a", Plans.prefix("/"), forward(new Action.PathChange.Pattern("^/user/([^/]+)", "/u/\\1")));

        assertThat(forwarded(rule, get("a.test", "/user/7/cart?q"))
                        .shares()
                        .getFirst()
                        .request()
                        .find(":path"))
                .contains("/u/7/cart?q");
    }

    @Test
    @Tag("R12")
    void headersAreEditedOnTheWayInAndOut() {
        var edits = new HeaderEdits(
                new HeaderEdits.Edits(
                        List.of(
                                new HeaderEdits.Value("x-add", "2", HeaderEdits.Mode.ADD),
                                new HeaderEdits.Value("x-set", "%REQ(:path)%", HeaderEdits.Mode.SET)),
                        List.of("x-gone")),
                new HeaderEdits.Edits(
                        List.of(new HeaderEdits.Value("x-out", "100%%", HeaderEdits.Mode.SET)), List.of("x-inner")));
        var rule = Plans.rule("a", Plans.prefix("/"), forward(new Action.PathChange.Keep()), edits);
        var request = get("a.test", "/p")
                .withHeader("x-add", "1")
                .withHeader("x-set", "old")
                .withHeader("x-gone", "1");

        var share = forwarded(rule, request).shares().getFirst();
        var answered = share.answered(request, HeaderLines.NONE.plus("x-inner", "1"));

        assertThat(share.request().find("x-add")).contains("1,2");
        assertThat(share.request().find("x-set")).contains("/p");
        assertThat(share.request().find("x-gone")).isEmpty();
        assertThat(answered.find("x-out")).contains("100%");
        assertThat(answered.find("x-inner")).isEmpty();
    }

    @Test
    @Tag("R6")
    void sharesCarryTheirOwnHostAndWeight() {
        var action = forward(
                new Action.PathChange.Keep(),
                new Action.HostChange.Keep(),
                new Action.Share(
                        Plans.upstreamId("up.test"), 90, HeaderEdits.NONE, new Action.HostChange.To("new.test")),
                new Action.Share(Plans.upstreamId("other.test"), 10, HeaderEdits.NONE, new Action.HostChange.Keep()));

        var shares = forwarded(Plans.rule("a", Plans.prefix("/"), action), get("a.test", "/"))
                .shares();

        assertThat(shares).extracting(share -> share.weight()).containsExactly(90L, 10L);
        assertThat(shares)
                .extracting(share -> share.request().find(":authority").orElse(""))
                .containsExactly("new.test", "a.test");
    }

    @Test
    @Tag("X2")
    void aRouteToNoClusterIs503() {
        var rule = Plans.rule(
                "a", Plans.prefix("/"), Plans.forward(List.of(Action.Share.whole(Plans.upstreamId("none.test")))));

        assertThat(simulator(Plans.site("a.test", List.of(rule))).answer(get("a.test", "/")))
                .isInstanceOfSatisfying(Answer.Replied.class, replied -> {
                    assertThat(replied.status()).isEqualTo(503);
                    assertThat(replied.flags()).isEqualTo("NC");
                });
    }

    @Test
    void aClusterWithoutEndpointsIs503() {
        var rule = Plans.rule(
                "a", Plans.prefix("/"), Plans.forward(List.of(Action.Share.whole(Plans.upstreamId("up.test")))));
        var plan = Plans.plan(List.of(Plans.site("a.test", List.of(rule))));
        var first = new Emitter().emit(Emission.EMPTY, plan, 1);
        var next = Plans.with(plan, Plans.upstream("up.test", new Upstream.Discovery.Listed(List.of())));

        var answer = new TrafficSimulator(new Emitter().emit(first, next, 2).resources()).answer(get("a.test", "/"));

        assertThat(((Answer.Replied) answer).flags()).isEqualTo("UH");
    }

    @Test
    @Tag("G11")
    void aSiteThatAsksForTlsRedirectsPlainRequests() {
        var site = new Site(
                "a.test",
                80,
                List.of(Plans.rule("a", Plans.prefix("/"), Plans.respond("a"))),
                Site.Encryption.REQUIRED,
                true);

        assertThat(((Answer.Replied) simulator(site).answer(get("a.test:31380", "/x?q")))
                        .headers()
                        .find("location"))
                .contains("https://a.test:31380/x?q");
    }

    /// Scoped routes and one table must answer alike, whatever a client sends as its host.
    @Test
    @Tag("N5")
    void scopesAnswerAsTheWholeTableDoes() {
        var sites = new ArrayList<Site>();
        for (var host : List.of("a.test", "b.a.test", "*.a.test", "*.test", "*", "::1", "xn--e1a.test")) {
            sites.add(Plans.site(host, List.of(Plans.rule(host, Plans.prefix("/p"), Plans.respond(host)))));
        }
        var whole = simulator(Plans.plan(sites));
        sites.addAll(Plans.sites(500));
        var scoped = simulator(Plans.plan(sites));
        var random = new Random(7);
        var parts = List.of(
                "a",
                "b",
                ".",
                "test",
                "A",
                "TEST",
                "*",
                ":80",
                ":",
                ":x",
                "|",
                "[::1]",
                "::1",
                "xn--e1a.test",
                " ",
                "a.test",
                "b.a.test");

        for (int i = 0; i < 4_000; i++) {
            var host = new StringBuilder();
            for (int j = random.nextInt(1, 5); j > 0; j--) {
                host.append(parts.get(random.nextInt(parts.size())));
            }
            var request = get(host.toString(), random.nextInt(4) == 0 ? "/q" : "/p");
            assertThat(body(scoped.answer(request))).as(host.toString()).isEqualTo(body(whole.answer(request)));
        }
    }
}
