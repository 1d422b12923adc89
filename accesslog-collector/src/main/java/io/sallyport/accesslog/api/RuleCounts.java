package io.sallyport.accesslog.api;

import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.config.RuleList;
import io.sallyport.accesslog.query.QueryException;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.proto.accesslog.v1.ListRulesResponse;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Counts the rows of each rule. Rules of the configuration without rows are in it, and so are rules that rows know and
/// that are gone.
final class RuleCounts {

    private record Name(String object, String rule) implements Comparable<Name> {

        @Override
        public int compareTo(Name other) {
            var order = object.compareTo(other.object);
            return order != 0 ? order : Comparing.byNumber(rule, other.rule);
        }
    }

    private final RuleList rules;
    private final Questions questions;

    RuleCounts(RuleList rules, Questions questions) {
        this.rules = rules;
        this.questions = questions;
    }

    ListRulesResponse.Builder count(Selection selection) throws QueryException, StoreException, BoundExceededException {
        var found = new TreeMap<Name, ListRulesResponse.Rule.Builder>();
        for (var rule : present()) {
            if (selection.namespaces().isEmpty() || selection.namespaces().get().contains(rule.namespace())) {
                found.put(
                        new Name(rule.object(), rule.rule()),
                        ListRulesResponse.Rule.newBuilder()
                                .setObject(rule.object())
                                .setRule(rule.rule())
                                .setName(rule.name())
                                .setPresent(true));
            }
        }
        for (var hit : questions.rules(selection)) {
            var rule = RuleList.ruleOf(hit.rule());
            var line = found.computeIfAbsent(
                    new Name(hit.object(), rule),
                    _ -> ListRulesResponse.Rule.newBuilder()
                            .setObject(hit.object())
                            .setRule(rule));
            line.setCount(line.getCount() + hit.count());
            if (!line.hasFirstSeen() || Timestamps.toMicros(line.getFirstSeen()) > hit.firstSeen()) {
                line.setFirstSeen(Timestamps.fromMicros(hit.firstSeen()));
            }
            if (!line.hasLastSeen() || Timestamps.toMicros(line.getLastSeen()) < hit.lastSeen()) {
                line.setLastSeen(Timestamps.fromMicros(hit.lastSeen()));
            }
        }
        var objects = new TreeMap<String, Set<String>>();
        var response = ListRulesResponse.newBuilder();
        for (var line : found.values()) {
            response.addRules(line.setPresent(line.getPresent() || isThere(line.getObject(), objects)));
        }
        return response;
    }

    // Of other kinds than VirtualService nothing is listed, but what rows name may well be there.
    private boolean isThere(String object, Map<String, Set<String>> known) throws BoundExceededException {
        var kind = object.substring(0, Math.max(0, object.indexOf(' ')));
        try {
            var objects = known.get(kind);
            if (objects == null) {
                objects = rules.objects(kind);
                known.put(kind, objects);
            }
            return objects.contains(object);
        } catch (RuleList.TooManyException e) {
            throw new BoundExceededException(String.valueOf(e.getMessage()));
        }
    }

    private Iterable<RuleList.Rule> present() throws BoundExceededException {
        try {
            return rules.rules();
        } catch (RuleList.TooManyException e) {
            throw new BoundExceededException(String.valueOf(e.getMessage()));
        }
    }

    /// `http[2]` comes before `http[10]`.
    private static final class Comparing {

        private Comparing() {}

        static int byNumber(String one, String other) {
            return one.length() == other.length() || !kind(one).equals(kind(other))
                    ? one.compareTo(other)
                    : Integer.compare(one.length(), other.length());
        }

        private static String kind(String rule) {
            var bracket = rule.indexOf('[');
            return bracket < 0 ? rule : rule.substring(0, bracket);
        }
    }
}
