package io.sallyport.accesslog.query;

import io.sallyport.accesslog.storage.Column;
import java.util.List;

/// Which rows are meant: the tree that CEL becomes, and the only thing that SQL is made from.
public sealed interface Condition {

    /// All of them; none: every row.
    record All(List<Condition> parts) implements Condition {
        public All {
            parts = List.copyOf(parts);
        }
    }

    /// At least one of them.
    record Any(List<Condition> parts) implements Condition {
        public Any {
            parts = List.copyOf(parts);
        }
    }

    record Not(Condition part) implements Condition {}

    /// `true` or `false` as it is written.
    record Constant(boolean value) implements Condition {}

    record Compare(Operand left, Comparison comparison, Operand right) implements Condition {}

    record Match(Operand text, TextTest test, Operand part) implements Condition {}

    /// `response.code in [502, 503]`
    record OneOf(Operand value, List<Operand.Literal> values) implements Condition {
        public OneOf {
            values = List.copyOf(values);
        }
    }

    /// `"UF" in response.flags`
    record HasWord(Column words, Operand word) implements Condition {}

    /// `"x-team" in request.headers`
    record HasKey(Column map, Operand.Literal key) implements Condition {}

    /// How two operands are compared.
    enum Comparison {
        EQUAL("=", "=="),
        NOT_EQUAL("<>", "!="),
        LESS("<", "<"),
        AT_MOST("<=", "<="),
        MORE(">", ">"),
        AT_LEAST(">=", ">=");

        private final String sql;
        private final String cel;

        Comparison(String sql, String cel) {
            this.sql = sql;
            this.cel = cel;
        }

        String sql() {
            return sql;
        }

        String cel() {
            return cel;
        }
    }

    /// What a text is asked.
    enum TextTest {
        CONTAINS("contains"),
        STARTS_WITH("startsWith"),
        ENDS_WITH("endsWith"),
        /// RE2, anywhere in the text.
        MATCHES("matches");

        private final String cel;

        TextTest(String cel) {
            this.cel = cel;
        }

        String cel() {
            return cel;
        }
    }
}
