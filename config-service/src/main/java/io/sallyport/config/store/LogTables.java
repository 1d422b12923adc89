package io.sallyport.config.store;

import com.google.protobuf.ByteString;
import io.sallyport.model.Age;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The SQL of the log's tables: rows in, records out, each checked against its own digest.
final class LogTables {

    private static final String CHANGE_COLUMNS = "c.revision, c.position, c.verb, c.kind, c.namespace, c.name, c.owner,"
            + " c.content_revision, c.age_seconds, c.age_revision, c.age_path, c.age_index, c.source_name,"
            + " c.first_line, c.document_index, c.checksum, c.source_text";

    private static final String INSERT_CHANGE = "insert into change (revision, position, verb, kind, namespace, name,"
            + " owner, content_revision, age_seconds, age_revision, age_path, age_index, source_name, first_line,"
            + " document_index, checksum, source_text) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

    /// A question to every table about every column, without an answer: it fails where a table is not as it was made.
    static final List<String> SHAPES = List.of(
            "select number, time_millis, author, message, previous, state, digest from revision",
            "select " + CHANGE_COLUMNS + " from change c",
            "select kind, namespace, name, revision, position from current_object",
            "select id, digest, revision, time_millis, response from accepted_request");

    private LogTables() {}

    /// A row of the table `change`: its checksum, what it says, and the name that it goes by.
    /// `content` is empty if the row cannot be read at all.
    record Row(long revision, String checksum, Optional<RecordedChange> content, String label) {

        /// What the row says, if that is what was written.
        Optional<RecordedChange> change() {
            return content.filter(change -> change.checksum().toString().equals(checksum));
        }

        RecordedChange orThrow() throws StoreDamagedException {
            return change().orElseThrow(() -> new StoreDamagedException(damage()));
        }

        String damage() {
            return "r" + revision + " " + label + ": the stored row is not what was written";
        }
    }

    static long version(Connection connection) throws SQLException {
        return number(connection, "select coalesce(max(cast(version as integer)), 0) from flyway_schema_history");
    }

    static long head(Connection connection) throws SQLException {
        return number(connection, "select coalesce(max(number), 0) from revision");
    }

    static long floor(Connection connection) throws SQLException {
        return number(connection, "select coalesce(min(number), 0) from revision");
    }

    private static long number(Connection connection, String query) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    static void insert(Connection connection, Revision revision) throws SQLException {
        var header = revision.header();
        try (var insert = connection.prepareStatement("insert into revision"
                + " (number, time_millis, author, message, previous, state, digest) values (?, ?, ?, ?, ?, ?, ?)")) {
            insert.setLong(1, header.number());
            insert.setLong(2, header.time().toEpochMilli());
            insert.setString(3, header.author());
            insert.setString(4, header.message());
            insert.setString(5, header.previous());
            insert.setString(6, header.state());
            insert.setString(7, header.digest());
            insert.executeUpdate();
        }
        try (var insert = connection.prepareStatement(INSERT_CHANGE)) {
            int position = 0;
            for (var change : revision.changes()) {
                bind(insert, header.number(), position++, change);
                insert.addBatch();
            }
            insert.executeBatch();
        }
        point(connection, revision);
    }

    private static void bind(PreparedStatement insert, long revision, int position, RecordedChange change)
            throws SQLException {
        insert.setLong(1, revision);
        insert.setInt(2, position);
        insert.setString(3, change.verb().text());
        insert.setString(4, change.ref().kind().text());
        insert.setString(5, change.ref().namespace());
        insert.setString(6, change.ref().name());
        insert.setString(16, change.checksum().toString());
        switch (change) {
            case RecordedChange.Stored(var _, var object) -> {
                insert.setString(7, object.owner().text());
                insert.setLong(8, object.revision());
                insert.setLong(9, object.age().created().getEpochSecond());
                insert.setLong(10, object.age().revision());
                insert.setString(11, object.age().path());
                insert.setInt(12, object.age().index());
                insert.setString(13, object.source().name());
                insert.setInt(14, object.source().firstLine());
                insert.setInt(15, object.source().index());
                insert.setString(17, object.source().text());
            }
            case RecordedChange.Removed _ -> {
                for (int column : new int[] {7, 11, 13, 17}) {
                    insert.setNull(column, Types.VARCHAR);
                }
                for (int column : new int[] {8, 9, 10}) {
                    insert.setNull(column, Types.BIGINT);
                }
                for (int column : new int[] {12, 14, 15}) {
                    insert.setNull(column, Types.INTEGER);
                }
            }
        }
    }

    private static final String POINT =
            "insert into current_object (kind, namespace, name, revision, position) values (?, ?, ?, ?, ?)"
                    + " on conflict (kind, namespace, name)"
                    + " do update set revision = excluded.revision, position = excluded.position";

    /// Lets `current_object` point at the rows of this revision.
    private static void point(Connection connection, Revision revision) throws SQLException {
        try (var upsert = connection.prepareStatement(POINT);
                var delete = connection.prepareStatement(
                        "delete from current_object where kind = ? and namespace = ? and name = ?")) {
            int position = 0;
            for (var change : revision.changes()) {
                switch (change) {
                    case RecordedChange.Stored _ -> {
                        bindName(upsert, change);
                        upsert.setLong(4, revision.number());
                        upsert.setInt(5, position);
                        upsert.addBatch();
                    }
                    case RecordedChange.Removed _ -> {
                        bindName(delete, change);
                        delete.addBatch();
                    }
                }
                position++;
            }
            upsert.executeBatch();
            delete.executeBatch();
        }
    }

    private static void point(Connection connection, long revision, int position, RecordedChange change)
            throws SQLException {
        try (var upsert = connection.prepareStatement(POINT)) {
            bindName(upsert, change);
            upsert.setLong(4, revision);
            upsert.setInt(5, position);
            upsert.executeUpdate();
        }
    }

    private static void bindName(PreparedStatement statement, RecordedChange change) throws SQLException {
        statement.setString(1, change.ref().kind().text());
        statement.setString(2, change.ref().namespace());
        statement.setString(3, change.ref().name());
    }

    /// Copies the rows of pruned revisions that are still in force, as far as they are good.
    static void copyOlder(Connection from, Connection to) throws SQLException {
        long floor = floor(from);
        try (var select = from.prepareStatement("select " + CHANGE_COLUMNS
                        + " from change c where c.revision < ? order by c.revision, c.position");
                var upsert = to.prepareStatement(INSERT_CHANGE)) {
            select.setLong(1, floor);
            int position = 0;
            for (var row : rows(select)) {
                if (row.change().orElse(null) instanceof RecordedChange.Stored stored) {
                    bind(upsert, row.revision(), position, stored);
                    upsert.executeUpdate();
                    point(to, row.revision(), position, stored);
                    position++;
                }
            }
        }
    }

    static void insert(Connection connection, AcceptedRequest request) throws SQLException {
        try (var insert = connection.prepareStatement(
                "insert into accepted_request (id, digest, revision, time_millis, response) values (?, ?, ?, ?, ?)")) {
            insert.setString(1, request.id());
            insert.setString(2, request.digest());
            insert.setLong(3, request.revision());
            insert.setLong(4, request.time().toEpochMilli());
            insert.setBytes(5, request.response().toByteArray());
            insert.executeUpdate();
        }
    }

    static Optional<AcceptedRequest> request(Connection connection, String id) throws SQLException {
        try (var select = connection.prepareStatement(
                "select digest, revision, time_millis, response from accepted_request where id = ?")) {
            select.setString(1, id);
            try (var rows = select.executeQuery()) {
                if (!rows.next()) {
                    return Optional.empty();
                }
                return Optional.of(new AcceptedRequest(
                        id,
                        rows.getString(1),
                        rows.getLong(2),
                        Instant.ofEpochMilli(rows.getLong(3)),
                        ByteString.copyFrom(rows.getBytes(4))));
            }
        }
    }

    /// Headers with `low < number < high`, newest first or oldest first.
    static List<RevisionHeader> headers(
            Connection connection, Optional<ObjectRef> ref, long low, long high, boolean newestFirst, int limit)
            throws SQLException {
        var touching = ref.isPresent()
                ? " and exists (select 1 from change c where c.revision = r.number and c.kind = ? and c.namespace = ?"
                        + " and c.name = ?)"
                : "";
        try (var select = connection.prepareStatement(
                "select number, time_millis, author, message, previous, state, digest from revision r"
                        + " where number > ? and number < ?" + touching
                        + " order by number " + (newestFirst ? "desc" : "asc") + " limit ?")) {
            int column = 1;
            select.setLong(column++, low);
            select.setLong(column++, high);
            if (ref.isPresent()) {
                select.setString(column++, ref.get().kind().text());
                select.setString(column++, ref.get().namespace());
                select.setString(column++, ref.get().name());
            }
            select.setInt(column, limit);
            var headers = new ArrayList<RevisionHeader>();
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    headers.add(new RevisionHeader(
                            rows.getLong(1),
                            Instant.ofEpochMilli(rows.getLong(2)),
                            text(rows, 3),
                            text(rows, 4),
                            text(rows, 5),
                            text(rows, 6),
                            text(rows, 7)));
                }
            }
            return headers;
        }
    }

    /// What a revision did, without the texts.
    static List<Change> changes(Connection connection, long revision) throws SQLException {
        try (var select = connection.prepareStatement(
                "select verb, kind, namespace, name from change where revision = ? order by position")) {
            select.setLong(1, revision);
            var changes = new ArrayList<Change>();
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    changes.add(new Change(
                            Change.Verb.of(text(rows, 1)),
                            new ObjectRef(kind(text(rows, 2)), text(rows, 3), text(rows, 4))));
                }
            } catch (IllegalArgumentException e) {
                throw new SQLException("r" + revision + ": " + e.getMessage(), e);
            }
            return changes;
        }
    }

    static List<Row> rows(Connection connection, long revision) throws SQLException {
        try (var select = connection.prepareStatement(
                "select " + CHANGE_COLUMNS + " from change c where c.revision = ? order by c.position")) {
            select.setLong(1, revision);
            return rows(select);
        }
    }

    /// The rows that are in force. A pointer to a row that is not there, or that is another object's, comes as a row
    /// without a change.
    static List<Row> current(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement("select " + CHANGE_COLUMNS
                + ", o.kind, o.namespace, o.name, o.revision from current_object o"
                + " left join change c on c.revision = o.revision and c.position = o.position"
                + " order by o.revision, o.position")) {
            var result = new ArrayList<Row>();
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    var row = row(rows);
                    boolean same = text(rows, 18).equals(text(rows, 4))
                            && text(rows, 19).equals(text(rows, 5))
                            && text(rows, 20).equals(text(rows, 6));
                    result.add(
                            same
                                    ? row
                                    : new Row(
                                            rows.getLong(21),
                                            "",
                                            Optional.empty(),
                                            text(rows, 18) + " " + text(rows, 19) + "/" + text(rows, 20)));
                }
            }
            return result;
        }
    }

    /// The rows of one object, newest first, from `revision` down.
    static List<Row> versions(Connection connection, ObjectRef ref, long revision, int limit) throws SQLException {
        try (var select = connection.prepareStatement("select " + CHANGE_COLUMNS + " from change c"
                + " where c.kind = ? and c.namespace = ? and c.name = ? and c.revision <= ?"
                + " order by c.revision desc limit ?")) {
            select.setString(1, ref.kind().text());
            select.setString(2, ref.namespace());
            select.setString(3, ref.name());
            select.setLong(4, revision);
            select.setInt(5, limit);
            return rows(select);
        }
    }

    /// Why a revision cannot be believed, if it cannot. `previous` is the one before it in the table, if any.
    static Optional<String> problem(Connection connection, RevisionHeader header, Optional<RevisionHeader> previous)
            throws SQLException {
        var rows = rows(connection, header.number());
        for (var row : rows) {
            if (row.change().isEmpty()) {
                return Optional.of(row.damage());
            }
        }
        if (!header.digestOver(rows.stream().map(Row::checksum).toList()).equals(header.digest())) {
            return Optional.of("r" + header.number() + ": digest differs");
        }
        if (previous.isPresent() && !previous.get().digest().equals(header.previous())) {
            return Optional.of("r" + header.number() + ": does not follow r"
                    + previous.get().number());
        }
        return Optional.empty();
    }

    static void prune(Connection connection, long floor) throws SQLException {
        // What was in force at the floor stays, so that every later revision can still be read.
        try (var rows = connection.prepareStatement("delete from change where revision < ? and (verb = 'deleted'"
                        + " or exists (select 1 from change later where later.kind = change.kind"
                        + " and later.namespace = change.namespace and later.name = change.name"
                        + " and later.revision > change.revision and later.revision <= ?))");
                var headers = connection.prepareStatement("delete from revision where number < ?");
                var requests = connection.prepareStatement("delete from accepted_request where revision < ?")) {
            rows.setLong(1, floor);
            rows.setLong(2, floor);
            rows.executeUpdate();
            headers.setLong(1, floor);
            headers.executeUpdate();
            requests.setLong(1, floor);
            requests.executeUpdate();
        }
    }

    private static List<Row> rows(PreparedStatement select) throws SQLException {
        var result = new ArrayList<Row>();
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                result.add(row(rows));
            }
        }
        return result;
    }

    private static Row row(ResultSet rows) throws SQLException {
        long revision = rows.getLong(1);
        var checksum = text(rows, 16);
        var label = text(rows, 4) + " " + text(rows, 5) + "/" + text(rows, 6);
        return new Row(revision, checksum, content(rows), label);
    }

    private static Optional<RecordedChange> content(ResultSet rows) throws SQLException {
        try {
            var verb = Change.Verb.of(text(rows, 3));
            var ref = new ObjectRef(kind(text(rows, 4)), text(rows, 5), text(rows, 6));
            return Optional.of(
                    verb == Change.Verb.DELETED
                            ? new RecordedChange.Removed(ref)
                            : new RecordedChange.Stored(verb, object(rows, ref)));
        } catch (IllegalArgumentException | java.time.DateTimeException e) {
            return Optional.empty();
        }
    }

    private static StoredObject object(ResultSet rows, ObjectRef ref) throws SQLException {
        var text = text(rows, 17);
        // The digest is made from the text that was read, not taken from the row: this is what finds a flipped byte.
        var source = new SourceDocument(
                text(rows, 13),
                rows.getInt(14),
                rows.getInt(15),
                text,
                DigestWriter.of(text).toString());
        var age = new Age(Instant.ofEpochSecond(rows.getLong(9)), rows.getLong(10), text(rows, 11), rows.getInt(12));
        return new StoredObject(ref, source, Owner.of(text(rows, 7)), age, rows.getLong(8));
    }

    private static Kind kind(String text) {
        return Kind.of(text).orElseThrow(() -> new IllegalArgumentException("kind \"" + text + "\" is not known"));
    }

    private static String text(ResultSet rows, int column) throws SQLException {
        var text = rows.getString(column);
        return text == null ? "" : text;
    }
}
