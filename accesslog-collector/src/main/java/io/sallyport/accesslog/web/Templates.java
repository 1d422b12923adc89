package io.sallyport.accesslog.web;

import com.samskivert.mustache.DefaultCollector;
import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Turns records into HTML by Mustache templates. Every value is escaped for text and quoted attributes (`& '
/// " < > ` =`); no template has a place for another kind of text, such as a script or a style, and none asks
/// for a value unescaped. A name that no record has is an error, not a gap.
final class Templates {

    private final Mustache.Compiler compiler = Mustache.compiler()
            .escapeHTML(true)
            .emptyStringIsFalse(true)
            .withCollector(new Collector())
            .withLoader(Templates::source);
    private final ConcurrentHashMap<String, Template> compiled = new ConcurrentHashMap<>();

    /// `render("rows", model)` fills `rows.mustache`.
    String render(String name, Object model) {
        return compiled.computeIfAbsent(name, this::compile).execute(model);
    }

    private Template compile(String name) {
        try (var in = source(name)) {
            return compiler.compile(in);
        } catch (IOException e) {
            throw new IllegalStateException("template " + name + " cannot be read", e);
        }
    }

    private static Reader source(String name) {
        var in = Templates.class.getResourceAsStream(name + ".mustache");
        if (in == null) {
            throw new IllegalStateException("template " + name + " (expected: beside its class)");
        }
        return new InputStreamReader(in, StandardCharsets.UTF_8);
    }

    /// Takes what may be absent for a list of one or none.
    private static final class Collector extends DefaultCollector {

        @Override
        public Iterator<?> toIterator(Object value) {
            return value instanceof Optional<?> optional ? optional.stream().iterator() : super.toIterator(value);
        }
    }
}
