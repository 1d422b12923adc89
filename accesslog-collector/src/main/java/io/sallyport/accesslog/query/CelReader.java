package io.sallyport.accesslog.query;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.extensions.CelStringExtensions;
import dev.cel.parser.CelStandardMacro;
import io.sallyport.accesslog.storage.Column;
import java.util.Comparator;

/// Reads a filter: CEL's own parser and type checker know which attributes there are and of which type; what
/// they accept becomes a [Condition], or an error that names the part which no store can answer.
///
/// Those read last are remembered: a page asks five questions with one filter, and again every few seconds.
public final class CelReader {

    /// Most characters of a filter.
    public static final int MAX_LENGTH = 16 << 10;

    private static final int MAX_NODES = 5_000;
    private static final int MAX_DEPTH = 64;

    // Letters of all filters that are remembered together.
    private static final int MAX_REMEMBERED = 256 << 10;

    private final CelCompiler compiler = compiler();

    private final Cache<String, Condition> remembered = CacheBuilder.newBuilder()
            .concurrencyLevel(1)
            .maximumWeight(MAX_REMEMBERED)
            .weigher((String filter, Condition _) -> filter.length())
            .build();

    private static CelCompiler compiler() {
        var builder = CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(CelOptions.current()
                        .maxExpressionCodePointSize(MAX_LENGTH)
                        .maxParseExpressionNodeCount(MAX_NODES)
                        .maxParseRecursionDepth(MAX_DEPTH)
                        // "namespace" is one, and the name of an attribute.
                        .enableReservedIds(false)
                        .build())
                .setStandardMacros(CelStandardMacro.HAS)
                .addLibraries(CelExtensions.strings(CelStringExtensions.Function.LOWER_ASCII))
                .setResultType(SimpleType.BOOL);
        Column.ALL.forEach(column -> builder.addVar(column.attribute(), type(column.type())));
        return builder.build();
    }

    private static CelType type(Column.Type type) {
        return switch (type) {
            case TEXT -> SimpleType.STRING;
            case WORDS -> ListType.create(SimpleType.STRING);
            case NUMBER -> SimpleType.INT;
            case REAL -> SimpleType.DOUBLE;
            case TIME -> SimpleType.TIMESTAMP;
            case DURATION -> SimpleType.DURATION;
            case TEXTS -> MapType.create(SimpleType.STRING, SimpleType.STRING);
        };
    }

    /// Reads one; the empty filter means every row.
    public Condition read(String filter) throws QueryException {
        if (filter.isBlank()) {
            return new Condition.All(java.util.List.of());
        }
        if (filter.length() > MAX_LENGTH) {
            throw new QueryException(
                    "filter of " + filter.length() + " characters (expected: at most " + MAX_LENGTH + ")");
        }
        var known = remembered.getIfPresent(filter);
        if (known != null) {
            return known;
        }
        var condition = new CelTree(checked(filter)).condition();
        remembered.put(filter, condition);
        return condition;
    }

    private CelAbstractSyntaxTree checked(String filter) throws QueryException {
        try {
            return compiler.compile(filter).getAst();
        } catch (CelValidationException e) {
            throw CelComplaint.of(e.getErrors().getFirst(), filter);
        }
    }

    /// The attribute that was most likely meant; the commonest one where none is near.
    static String nearest(String name) {
        return Column.ALL.stream()
                .map(Column::attribute)
                .filter(attribute -> distance(attribute, name) <= Math.max(2, name.length() / 2))
                .min(Comparator.comparingInt(attribute -> distance(attribute, name)))
                .orElse("request.host");
    }

    // How many letters have to be changed; a name that is the start of the other is near.
    private static int distance(String one, String other) {
        if (one.startsWith(other) || one.endsWith("." + other)) {
            return 1;
        }
        var before = new int[other.length() + 1];
        for (var j = 0; j <= other.length(); j++) {
            before[j] = j;
        }
        for (var i = 1; i <= one.length(); i++) {
            var row = new int[other.length() + 1];
            row[0] = i;
            for (var j = 1; j <= other.length(); j++) {
                var change = before[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(before[j], row[j - 1]) + 1);
            }
            before = row;
        }
        return before[other.length()];
    }
}
