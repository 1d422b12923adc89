package io.sallyport.accesslog.testing;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// A real browser without a window: the Chromium of this machine, in `$CHROMIUM` or on the path. Nothing is fetched.
public final class Chromium implements AutoCloseable {

    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");

    private final Playwright playwright;
    private final Browser browser;

    private Chromium(Playwright playwright, Browser browser) {
        this.playwright = playwright;
        this.browser = browser;
    }

    /// Starts it. Without a Chromium the tests of the page are left out, but never where `./sallyport test` runs them.
    public static Chromium start() {
        var program = find();
        if (System.getenv("CI") == null) {
            Assumptions.assumeTrue(program.isPresent(), "no Chromium (expected: apt-get install chromium)");
        }
        var executable = program.orElseThrow(
                () -> new IllegalStateException("no Chromium (expected: in $CHROMIUM or on the path)"));
        var playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        try {
            return new Chromium(
                    playwright,
                    playwright
                            .chromium()
                            .launch(new BrowserType.LaunchOptions()
                                    .setExecutablePath(executable)
                                    .setTimeout(60_000)
                                    // Names are never asked for, and the little /dev/shm of a container is enough.
                                    .setArgs(List.of(
                                            "--disable-dev-shm-usage",
                                            "--disable-gpu",
                                            "--disable-background-networking",
                                            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))));
        } catch (RuntimeException | Error e) {
            playwright.close();
            throw e;
        }
    }

    private static Optional<Path> find() {
        var named = System.getenv("CHROMIUM");
        if (named != null) {
            return Optional.of(Path.of(named));
        }
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    public Browser browser() {
        return browser;
    }

    @Override
    public void close() {
        try {
            browser.close();
        } finally {
            playwright.close();
        }
    }
}
