package io.sallyport.accesslog.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.collect.ImmutableList;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.SameSiteAttribute;
import io.grpc.ManagedChannel;
import io.sallyport.accesslog.api.AccessLogApi;
import io.sallyport.accesslog.api.Callers;
import io.sallyport.accesslog.api.Tails;
import io.sallyport.accesslog.config.RuleList;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Chromium;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.http.HttpServer;
import io.sallyport.runtime.http.Mount;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// The page in a real browser, over a real store.
class LogPageTest {

    private static final BearerToken ALL = BearerToken.of("all-1234567890abcdef1234567890abcdef");
    private static final String PAY = "pay-1234567890abcdef1234567890abcdef";
    private static final Path PICTURES = Path.of("../docs/pictures");
    private static final int COUNT = 1_500;
    private static final double PATIENCE = 30_000;

    @TempDir
    static Path folder;

    private static final Tails TAILS = new Tails();
    private static final List<AccessLogEntry> ROWS = ImmutableList.<AccessLogEntry>builder()
            .addAll(ShopRows.many(COUNT))
            .add(ShopRows.hostile())
            .build();
    private static LogStore store;
    private static GrpcServer service;
    private static ManagedChannel channel;
    private static HttpServer server;
    private static PageDoor door;
    private static Chromium chromium;

    private final List<String> complaints = new ArrayList<>();
    private BrowserContext context;
    private Page page;

    @BeforeAll
    static void start() throws Exception {
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE);
        chromium = Chromium.start();
        store = DuckStore.open(DuckSettings.local(folder), () -> ShopRows.END, KafkaSettings.TOPIC);
        store.append(
                KafkaSettings.TOPIC,
                IntStream.range(0, ROWS.size())
                        .mapToObj(i -> new KafkaRow(0, i, ROWS.get(i)))
                        .toList(),
                Map.of(0, (long) ROWS.size()));
        var api = new AccessLogApi(
                store, new Ledger(), TAILS, new RuleList(new ShopRows.Configuration()), () -> ShopRows.END);
        var pay = BearerToken.of(PAY);
        service = GrpcServer.inProcess("log-page")
                .with(new Callers(
                        List.of(new Callers.Caller(ALL, Optional.empty()), Callers.Caller.of(pay, List.of("pay")))))
                .serve(api)
                .start("logs");
        channel = Channels.inProcess("log-page");
        door = new PageDoor(List.of(ALL, pay), new SecureRandom());
        server = HttpServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Readiness(),
                new Metrics(),
                Optional.of(ALL),
                List.of(new Mount(
                        LogPage.PATH,
                        new LogPage(channel, door, () -> ShopRows.END, () -> "curl http://localhost:8080/"),
                        true)));
    }

    @AfterAll
    static void stop() throws Exception {
        chromium.close();
        server.close();
        channel.shutdownNow();
        service.close();
        store.close();
    }

    @BeforeEach
    void open() {
        open(new Browser.NewContextOptions().setViewportSize(1200, 800));
    }

    private void open(Browser.NewContextOptions options) {
        if (context != null) {
            context.close();
        }
        context = chromium.browser().newContext(options);
        context.setDefaultTimeout(PATIENCE);
        page = context.newPage();
        // A policy that was broken, a script that failed, a file from elsewhere: nothing of it may happen unseen.
        page.onConsoleMessage(message -> {
            if (message.type().equals("error") && !message.text().contains("status of 40")) {
                complaints.add(message.text());
            }
        });
        page.onPageError(complaints::add);
        page.onRequest(request -> {
            if (!request.url().startsWith(origin()) && !request.url().startsWith("data:")) {
                complaints.add("asked for " + request.url());
            }
        });
    }

    @AfterEach
    void close() {
        context.close();
        assertThat(complaints).isEmpty();
    }

    @Test
    void theHourIsAHistogramATableAndALinkThatShowsTheSame() {
        signIn();

        assertThat(page.locator("#overview .coverage")).containsText((COUNT + 1) / 1000 + ",501 requests");
        assertThat(page.locator("#rows tr.line")).hasCount(100);
        assertThat(page.locator("#class-c5")).containsText("5xx");
        awaitPainted("#histogram");
        page.locator("#filter").fill("response.code >= 500");
        page.locator("#filter").press("Enter");
        page.waitForURL("**filter=response.code+*");
        assertThat(page.locator("#rows .code").first()).hasText("503");
        var failed = page.locator("#overview .coverage strong").textContent();

        var other = context.newPage();
        other.navigate(page.url());
        assertThat(other.locator("#overview .coverage strong")).hasText(failed);
        back();
        assertThat(page.locator("#overview .coverage")).containsText("1,501 requests");
        forwardTo("**filter=response.code+*");
        assertThat(page.locator("#overview .coverage strong")).hasText(failed);
    }

    // The page loads itself anew when it is come back to, which would end a navigation that is waited for.
    private void back() {
        page.waitForLoadState();
        page.evaluate("() => { setTimeout(() => history.back()) }");
    }

    // Where it is loading still, the step is lost and taken again; there is nothing further on to go to.
    private void forwardTo(String url) {
        for (int tries = 0; tries < 30; tries++) {
            try {
                page.evaluate("() => { setTimeout(() => history.forward()) }");
                page.waitForURL(url, new Page.WaitForURLOptions().setTimeout(1_000));
                return;
            } catch (PlaywrightException loading) {
                // Once more.
            }
        }
        throw new AssertionError(page.url() + " (expected: " + url + ")");
    }

    @Test
    void facetsClassesAndBarsNarrowAndGiveBack() {
        signIn();

        page.locator("#facets").getByText("pay.example.com").click();
        assertThat(page.locator("#filter")).hasValue("request.host == \"pay.example.com\"");
        assertThat(page.locator("#facet-request-host-0")).hasAttribute("aria-current", "true");
        page.locator("#facet-request-host-0").click();
        assertThat(page.locator("#filter")).hasValue("");
        page.locator("#class-c4").click();
        assertThat(page.locator("#filter")).hasValue("response.code >= 400 && response.code < 500");
        page.locator("#class-c4").click();
        assertThat(page.locator("#filter")).hasValue("");

        awaitPainted("#histogram");
        page.locator("#histogram").click();
        assertThat(page.locator("#from")).hasValue("2026-11-21T10:29:00Z");
        assertThat(page.locator("#to")).hasValue("2026-11-21T10:30:00Z");
        page.getByText("Up to now").click();
        assertThat(page.locator("#since")).hasValue("1h");
    }

    @Test
    void aRowOpensIntoItsFieldsItsFlagsInWordsAndItsRule() {
        signIn();
        show("?filter=" + encoded("\"UF\" in response.flags"));

        page.locator("a.open").first().click();

        var detail = page.locator("#detail");
        assertThat(detail).containsText("No connection to the upstream could be made.");
        assertThat(detail).containsText("Look at the DestinationRule and endpoints of cluster \"outbound|80|v2|cart\"");
        assertThat(detail.locator("h3").first()).containsText("VirtualService shop/cart spec.http[1]");
        assertThat(detail.locator("h3").first()).containsText("shop.yaml, line 21, since r42");
        assertThat(detail.locator(".yaml")).containsText("- name: cart\n  match: [{uri: {prefix: /cart}}]");
        assertThat(detail.locator(".yaml")).not().containsText("items");
        assertThat(detail.locator(".fields"))
                .containsText("upstream_reset_before_response_started{connection_failure}");
        assertThat(detail).containsText("fields without a value: ");
        var all = detail.locator(".fields tr").count() + unset(detail.textContent());
        assertThat(all).isGreaterThanOrEqualTo(Column.ALL.size() - 3);

        // The address opens the row again, also where the rows are others by now.
        var address = page.url();
        show(address.substring(address.indexOf('?')).replace("UF", "NR"));
        assertThat(page.locator("#detail")).containsText("No connection to the upstream");
        back();
        page.locator("a.open[aria-expanded=true]").click();
        assertThat(page.locator("#detail")).hasCount(0);
    }

    private static int unset(String detail) {
        var end = detail.indexOf(" fields without a value");
        var from = end;
        while (Character.isDigit(detail.charAt(from - 1))) {
            from--;
        }
        return Integer.parseInt(detail.substring(from, end));
    }

    @Test
    @Tag("V20")
    void whatAClientWritesIsTextAndNothingElse() {
        signIn();
        show("?filter=" + encoded("response.code == 418"));
        var nodes = (int) page.evaluate("() => document.querySelectorAll('img, svg, b:not(.legend b), script').length");

        page.locator("a.open").first().click();
        var detail = page.locator("#detail");
        assertThat(detail.locator(".fields")).containsText("request.useragent");
        assertThat(page.locator("#rows .target").first()).hasText("shop.example.com" + ShopRows.HOSTILE_PATH);
        assertThat(values("request.useragent")).isEqualTo(ShopRows.HOSTILE_AGENT);
        assertThat(values("request.headers[\"x-</th><script>\"]")).isEqualTo(ShopRows.HOSTILE_AGENT);
        // Narrowed to the value itself: the same row is found by it, and the filter is one condition.
        detail.locator("tr", new Locator.LocatorOptions().setHasText("request.useragent"))
                .locator("a.narrow")
                .click();
        assertThat(page.locator("#filter")).hasValue(Pattern.compile("request\\.useragent == "));
        assertThat(page.locator("#rows tr.line")).hasCount(1);
        assertThat(page.locator("#facets").getByText("418")).isVisible();
        // As it comes by the tail.
        assertThat(page.locator("#live[data-following]")).hasCount(1);
        TAILS.stored(List.of(new KafkaRow(1, 7, ShopRows.hostile())));
        assertThat(page.locator("#rows tr.line")).hasCount(2);

        assertThat(page.evaluate("() => window.hit")).isNull();
        assertThat((int) page.evaluate("() => document.querySelectorAll('img, svg, b:not(.legend b), script').length"))
                .isEqualTo(nodes);
        var answer = page.navigate(page.url());
        assertThat(answer.headerValue("content-security-policy"))
                .contains("default-src 'none'", "script-src 'self'")
                .doesNotContain("unsafe");
    }

    // Compared as the browser holds it: line breaks and control characters count.
    private String values(String attribute) {
        return page.locator("#detail .fields tr", new Page.LocatorOptions())
                .filter(new Locator.FilterOptions()
                        .setHas(page.locator("th", new Page.LocatorOptions().setHasText(attribute))))
                .first()
                .locator(".value")
                .evaluate("e => e.textContent")
                .toString();
    }

    @Test
    void aMistakeStandsBesideItsFieldWithItsPlace() {
        signIn();

        page.locator("#filter").fill("response.code >= 500 && request.hst == \"a\"");
        page.locator("#filter").press("Enter");

        assertThat(page.locator("#filter-mistake")).containsText("Column 25: \"request.hst\" is no attribute");
        assertThat(page.locator("#filter-mistake")).containsText("\"request.host\"");
        assertThat(page.locator("#filter")).hasAttribute("aria-invalid", "true");
        assertThat(page.locator("#filter")).isFocused();
        assertThat(page.evaluate("() => document.getElementById('filter').selectionStart"))
                .isEqualTo(24);
        show("?from=yesterday");
        assertThat(page.getByRole(AriaRole.ALERT)).containsText("\"yesterday\" is no time");
        show("?since=90d");
        assertThat(page.getByRole(AriaRole.ALERT)).containsText("expected: at most 31");
    }

    @Test
    void rowsAppearAsTheyAreStoredUntilSwitchedOff() {
        signIn();
        assertThat(page.locator("#live[data-following]")).hasCount(1);

        TAILS.stored(List.of(new KafkaRow(2, 1, fresh("id-live-1"))));
        assertThat(page.locator("#rows tr.line").first()).containsText("/live/id-live-1");
        assertThat(page.locator("#news")).containsText("1 new row");
        page.keyboard().press("t");
        assertThat(page.locator("#tail")).hasAttribute("aria-checked", "false");
        assertThat(page.locator("#answer[data-tail]")).hasCount(0);
        page.keyboard().press("t");
        assertThat(page.locator("#live[data-following]")).hasCount(1);
        TAILS.stored(List.of(new KafkaRow(2, 2, fresh("id-live-2"))));
        assertThat(page.locator("#rows tr.line").first()).containsText("/live/id-live-2");
        // A row that came live opens like any other.
        assertThat(page.locator("#rows tr.line").first().locator("a.open")).hasAttribute("aria-expanded", "false");
    }

    private static AccessLogEntry fresh(String id) {
        return ROWS.getFirst().toBuilder()
                .setRequestId(id)
                .setPath("/live/" + id)
                .build();
    }

    @Test
    void everythingIsReachedByTheKeyboard() {
        signIn();

        page.keyboard().press("Tab");
        assertThat(page.getByText("Skip to the rows")).isFocused();
        page.keyboard().press("/");
        assertThat(page.locator("#filter")).isFocused();
        page.keyboard().type("true");
        page.keyboard().press("Enter");
        page.waitForURL(origin() + LogPage.PATH + "?filter=true&since=1h");
        page.keyboard().press("Escape");
        // It leaves the field, and not by emptying it, as browsers do.
        assertThat(page.locator("#filter")).hasValue("true");
        page.keyboard().press("j");
        assertThat(page.locator("a.open").first()).isFocused();
        assertThat(page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle"))
                .isEqualTo("solid");
        page.keyboard().press("j");
        page.keyboard().press("k");
        page.keyboard().press("Enter");
        assertThat(page.locator("#detail")).isVisible();
        assertThat(page.locator("a.open").first()).isFocused();
        page.keyboard().press("Enter");
        assertThat(page.locator("#detail")).hasCount(0);
        page.keyboard().press("?");
        assertThat(page.getByRole(AriaRole.DIALOG)).containsText("next and previous row");
        page.keyboard().press("Escape");
        assertThat(page.locator("#help")).isHidden();
        page.keyboard().press("2");
        assertThat(page.locator("#tab-2")).hasAttribute("aria-current", "page");
        awaitPainted("#percentiles");
        page.keyboard().press("3");
        assertThat(page.getByRole(AriaRole.TABLE)).containsText("istio-system/edge-1 complete");
        page.keyboard().press("4");
        assertThat(page.locator(".compare .all")).containsText("+4.9 points worse");
        // Names for whoever hears the page.
        assertThat(page.getByLabel("Filter")).isVisible();
        assertThat(page.getByRole(AriaRole.SEARCH)).isVisible();
        assertThat(page.getByRole(AriaRole.MAIN)).isVisible();
        assertThat(page.getByRole(AriaRole.NAVIGATION)).isVisible();
        assertThat(page.locator("button, a").evaluateAll("all => all.filter(e => !e.textContent.trim()).length"))
                .isEqualTo(0);
        assertThat(page.locator("input:not([type=hidden]), select")
                        .evaluateAll("all => all.filter(e => e.labels.length === 0).length"))
                .isEqualTo(0);
    }

    @Test
    void revisionsAndRoutesAreComparedByWhatTheirRowsSay() {
        signIn();
        show("?view=compare&by=request.host");

        assertThat(page.locator("#before")).hasValue("41");
        assertThat(page.locator("#after")).hasValue("42");
        page.locator("#before").selectOption("42");
        assertThat(page.locator(".compare .all")).containsText("same");
        show("?view=latency&by=response.code");
        var slow = page.locator(".figures tr", new Page.LocatorOptions().setHasText("503"));
        assertThat(slow).containsText(" s");
        show("?view=compare&filter=" + encoded("config.revision == 41"));
        assertThat(page.locator(".nothing")).containsText("at least two revisions");
    }

    @Test
    void nothingToShowSaysWhatToDo() {
        signIn();
        show("?from=2026-11-20T10:00:00Z&to=2026-11-20T11:00:00Z");
        assertThat(page.locator(".nothing")).containsText("No request has been logged in this time");
        assertThat(page.locator("#coverage")).hasText("no rows: no proxy has sent this collector any in this time");
        // What is made now will never be in that time.
        assertThat(page.locator("#command")).hasCount(0);
        show("?from=" + ShopRows.END);
        assertThat(page.locator("#command")).hasText("curl http://localhost:8080/");

        show("?filter=" + encoded("request.host == \"nobody\""));
        assertThat(page.locator(".nothing")).containsText("No request of this time matches the filter.");
        // The first row that comes makes a table of it.
        assertThat(page.locator("#live[data-following]")).hasCount(1);
        page.getByText("Without the filter").click();
        assertThat(page.locator("#rows tr.line")).hasCount(100);
        page.locator("#older").click();
        assertThat(page.locator("#rows tr.line")).hasCount(100);
        assertThat(page.locator("#tail")).hasAttribute("aria-checked", "false");
    }

    @Test
    @Tag("V20")
    void eachSeesTheRowsOfTheirNamespacesAndNobodyElseAny() {
        assertThat(page.navigate(origin() + LogPage.PATH).status()).isEqualTo(401);
        page.locator("#token").fill("wrong-1234567890abcdef1234567890abcdef");
        page.getByRole(AriaRole.BUTTON).click();
        assertThat(page.getByRole(AriaRole.ALERT)).hasText("Nobody has this token.");
        page.locator("#token").fill(PAY);
        page.getByRole(AriaRole.BUTTON).click();

        assertThat(page.locator("#facets").getByText("pay.example.com")).isVisible();
        assertThat(page.locator("#facets").getByText("shop.example.com")).hasCount(0);
        show("?filter=" + encoded("namespace == \"shop\" || true"));
        assertThat(page.locator("#overview .coverage strong")).hasText("209 requests");
        // Another's row does not open, whoever sends its address.
        show("?row=2026-11-21T10:59:59Z_0_" + COUNT);
        assertThat(page.getByRole(AriaRole.ALERT)).containsText("a namespace that you may not see");
        assertThat(page.content()).doesNotContain("window.hit");

        var cookies = context.cookies();
        assertThat(cookies).hasSize(1);
        assertThat(cookies.getFirst().httpOnly).isTrue();
        assertThat(cookies.getFirst().sameSite).isEqualTo(SameSiteAttribute.STRICT);
        assertThat(cookies.getFirst().value).doesNotContain("pay");
        page.getByText("Sign out").click();
        assertThat(page.locator("#token")).isVisible();
        context.addCookies(cookies.stream().map(one -> one.setExpires(-1)).toList());
        assertThat(page.navigate(origin() + LogPage.PATH).status()).isEqualTo(401);
    }

    @Test
    @Tag("V24")
    void aLinkLetsOneBrowserInOnceAndKeepsItsQuestion() {
        var link = origin() + door.link(ALL) + "&filter=" + encoded("response.code >= 500");
        page.navigate(link);
        assertThat(page.locator("#filter")).hasValue("response.code >= 500");
        assertThat(page.url()).doesNotContain("key=");

        open(new Browser.NewContextOptions());
        assertThat(page.navigate(link).status()).isEqualTo(401);
        assertThat(page.getByRole(AriaRole.ALERT)).containsText("has been used");
    }

    @Test
    @Tag("V24")
    void aSharedAddressIsShownOnceItsReaderHasSignedIn() {
        var shared =
                "?filter=" + encoded("response.code >= 500 && request.host != \"a&b\"") + "&since=15m&view=latency";
        page.navigate(origin() + LogPage.PATH + shared);
        page.locator("#token").fill("wrong-1234567890abcdef1234567890abcdef");
        page.locator("#token").press("Enter");
        assertThat(page.getByRole(AriaRole.ALERT)).hasText("Nobody has this token.");
        page.locator("#token").fill(PAY);
        page.locator("#token").press("Enter");

        assertThat(page.locator("#filter")).hasValue("response.code >= 500 && request.host != \"a&b\"");
        assertThat(page.locator("#since")).hasValue("15m");
        assertThat(page.locator("#tab-2")).hasAttribute("aria-current", "page");
        assertThat(page.url()).doesNotContain("wrong").doesNotContain("pay-");
    }

    @Test
    void darkNarrowAndPrintedAreReadable() {
        // As narrow as WCAG 2.2 asks for (1.4.10).
        open(new Browser.NewContextOptions().setViewportSize(320, 800).setColorScheme(ColorScheme.DARK));
        signIn();
        for (var view : List.of("", "?view=latency", "?view=completeness", "?view=compare")) {
            show(view);
            assertThat(tooWide()).as(view).isEmpty();
        }
        show("");
        page.locator("a.open").first().click();
        assertThat(page.locator("#detail")).isVisible();
        assertThat(tooWide()).as("an open row").isEmpty();
        assertThat(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
                .isEqualTo("rgb(20, 23, 28)");
        assertThat(contrasts()).as("contrast of text, dark").isGreaterThanOrEqualTo(4.5);
        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.LIGHT));
        assertThat(contrasts()).as("contrast of text, light").isGreaterThanOrEqualTo(4.5);
    }

    // What makes the page wider than its window.
    private String tooWide() {
        return page.evaluate("""
                () => document.documentElement.scrollWidth <= innerWidth ? '' : [...document.querySelectorAll('body *')]
                    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre'))
                    .map((e) => e.tagName + '.' + e.className + '#' + e.id).slice(0, 9).join(', ') || 'something'
                """).toString();
    }

    // The least of all texts against the background of the page, by WCAG 2.2, "contrast ratio".
    private double contrasts() {
        return ((Number) page.evaluate("""
                () => {
                  const light = (text) => {
                    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
                      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                  };
                  const back = light(getComputedStyle(document.body).backgroundColor);
                  return Math.min(...[...document.querySelectorAll('main *')]
                    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && !e.closest('button'))
                    .map((e) => light(getComputedStyle(e).color))
                    .map((l) => (Math.max(l, back) + 0.05) / (Math.min(l, back) + 0.05)));
                }
                """)).doubleValue();
    }

    @Test
    @EnabledIfSystemProperty(named = "sallyport.golden", matches = "true")
    void thePicturesOfTheDocumentation() throws Exception {
        signIn();
        picture("logs-light.png", "");
        picture("logs-latency.png", "?view=latency");
        picture("logs-compare.png", "?view=compare");
        picture("logs-completeness.png", "?view=completeness");
        open(new Browser.NewContextOptions().setViewportSize(1200, 900).setColorScheme(ColorScheme.DARK));
        signIn();
        show("?filter=" + encoded("response.code >= 500"));
        page.locator("a.open").first().click();
        assertThat(page.locator("#detail")).isVisible();
        picture("logs-dark.png");
        open(new Browser.NewContextOptions().setViewportSize(400, 800));
        signIn();
        picture("logs-narrow.png");
    }

    private void picture(String name, String query) throws Exception {
        show(query);
        picture(name);
    }

    private void picture(String name) throws Exception {
        assertThat(page.locator("#facets .facet").first()).isAttached();
        Files.createDirectories(PICTURES);
        page.mouse().move(1, 1);
        page.screenshot(new Page.ScreenshotOptions().setPath(PICTURES.resolve(name)));
    }

    private void signIn() {
        page.navigate(origin() + door.link(ALL));
        page.waitForURL(origin() + LogPage.PATH);
        assertThat(page.locator("#answer")).isVisible();
    }

    private void show(String query) {
        page.navigate(origin() + LogPage.PATH + query);
        assertThat(page.locator("#answer")).isAttached();
    }

    // A chart is drawn after its canvas is there. The browser belongs to this thread.
    private void awaitPainted(String canvas) {
        await().pollInSameThread()
                .atMost(Duration.ofSeconds(30))
                .until(() -> Boolean.TRUE.equals(page.evaluate("""
                id => {
                  const c = document.querySelector(id);
                  return c && c.width > 0 && c.height > 0
                    && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0);
                }
                """, canvas)));
    }

    private static String origin() {
        return "http://127.0.0.1:" + server.port();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
