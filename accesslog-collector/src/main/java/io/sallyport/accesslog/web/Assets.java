package io.sallyport.accesslog.web;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// The files that the page consists of: our own, and those of htmx and Chart.js out of their jars. Nothing comes from
/// elsewhere. Their addresses name their content, so that browsers keep them for good.
final class Assets {

    private static final String JARS = "META-INF/resources/webjars/";
    private static final String SCRIPT = "text/javascript; charset=utf-8";

    private record Asset(ByteString bytes, String type, String path) {}

    private final ImmutableMap<String, Asset> byPath;
    private final ImmutableMap<String, String> paths;

    Assets() {
        var all = ImmutableMap.<String, Asset>builder()
                .put("style", own("page.css", "text/css; charset=utf-8"))
                .put("script", own("page.js", SCRIPT))
                .put("htmx", jar("htmx.org", "dist/htmx.min.js", "htmx.js"))
                .put("chart", jar("chart.js", "dist/chart.umd.min.js", "chart.js"))
                .buildOrThrow();
        paths = ImmutableMap.copyOf(Maps.transformValues(all, Asset::path));
        byPath = Maps.uniqueIndex(all.values(), Asset::path);
    }

    /// The address of each, as templates name them: `style` is `/logs/assets/1f3a…/page.css`.
    ImmutableMap<String, String> paths() {
        return paths;
    }

    /// Sends the file of an address; false when there is none.
    boolean send(String path, HttpServletResponse response) throws IOException {
        var asset = byPath.get(path);
        if (asset == null) {
            return false;
        }
        response.setContentType(asset.type());
        response.setHeader("Cache-Control", "private, max-age=31536000, immutable");
        response.setContentLength(asset.bytes().size());
        asset.bytes().writeTo(response.getOutputStream());
        return true;
    }

    private static Asset own(String name, String type) {
        return asset(bytes(Assets.class.getResourceAsStream(name), name), name, type);
    }

    // The version is that of the jar on the class path, so that it stands in the parent POM alone.
    private static Asset jar(String artifact, String file, String name) {
        var loader = Assets.class.getClassLoader();
        var pom = "META-INF/maven/org.webjars.npm/" + artifact + "/pom.properties";
        var properties = new Properties();
        try (var in = loader.getResourceAsStream(pom)) {
            if (in == null) {
                throw new IllegalStateException(pom + " (expected: on the class path)");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new IllegalStateException(pom + " cannot be read", e);
        }
        var path = JARS + artifact + "/" + properties.getProperty("version") + "/" + file;
        return asset(bytes(loader.getResourceAsStream(path), path), name, SCRIPT);
    }

    private static byte[] bytes(@Nullable InputStream in, String name) {
        try (in) {
            if (in == null) {
                throw new IllegalStateException(name + " (expected: on the class path)");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(name + " cannot be read", e);
        }
    }

    private static Asset asset(byte[] bytes, String name, String type) {
        var hash = Hashing.sha256().hashBytes(bytes).toString().substring(0, 12).toLowerCase(Locale.ROOT);
        return new Asset(ByteString.copyFrom(bytes), type, LogPage.PATH + "/assets/" + hash + "/" + name);
    }
}
