package io.sallyport.cli.config;

import io.sallyport.proto.config.v1.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/// What a revision changed, in words: `VirtualService shop/cart changed, Gateway shop/edge created`.
final class Changes {

    private static final int MAX_NAMED = 5;

    private Changes() {}

    static String written(List<Change> changes) {
        var real = new ArrayList<Change>();
        var same = 0;
        for (var change : changes) {
            if (change.getVerb() == Change.Verb.UNCHANGED) {
                same++;
            } else {
                real.add(change);
            }
        }
        var words = new StringJoiner(", ");
        real.stream().limit(MAX_NAMED).forEach(change -> words.add(written(change)));
        if (real.size() > MAX_NAMED) {
            words.add("and " + (real.size() - MAX_NAMED) + " more");
        }
        if (same > 0 && !real.isEmpty()) {
            words.add(same + " unchanged");
        }
        return words.toString();
    }

    static boolean areNone(List<Change> changes) {
        return changes.stream().allMatch(change -> change.getVerb() == Change.Verb.UNCHANGED);
    }

    private static String written(Change change) {
        return ObjectName.written(change.getRef()) + " " + verb(change.getVerb());
    }

    private static String verb(Change.Verb verb) {
        return switch (verb) {
            case CREATED -> "created";
            case CHANGED -> "changed";
            case DELETED -> "deleted";
            case UNCHANGED -> "unchanged";
            case MOVED -> "moved";
            case VERB_UNSPECIFIED, UNRECOGNIZED -> "touched";
        };
    }
}
