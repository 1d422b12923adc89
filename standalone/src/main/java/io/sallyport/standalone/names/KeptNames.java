package io.sallyport.standalone.names;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sallyport.standalone.names.NameMessage.Meaning;
import io.sallyport.standalone.names.NameMessage.Question;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The last good answer to each question, and when it may stand in for what was answered since.
///
/// - A name that is denied keeps its answer for [#DENIED] after the first denial: that outlasts a zone that is
/// published
///   wrongly and put right, and a name that is truly gone is given up then.
/// - Where nobody knows (silence, failures, nonsense), the answer is kept for [#SILENT] after it was last given. Envoy
///   itself keeps addresses after failures as long as it runs.
final class KeptNames {

    static final Duration DENIED = Duration.ofMinutes(15);
    static final Duration SILENT = Duration.ofHours(24);

    // Soon enough to see the name come back, and Envoy's own shortest time.
    private static final int SECONDS_TO_LIVE = 5;

    private record Kept(
            NameMessage answer, Instant given, @Nullable Instant denied) {}

    @GuardedBy("this") private final Map<Question, Kept> answers;

    KeptNames(int bound) {
        this.answers = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Question, Kept> eldest) {
                return size() > bound;
            }
        };
    }

    synchronized int size() {
        return answers.size();
    }

    synchronized boolean knows(Question question) {
        return answers.containsKey(question);
    }

    /// No longer stands in for this one.
    synchronized void forget(Question question) {
        answers.remove(question);
    }

    /// What to say instead of this answer; empty: the answer itself. No answer at all counts as one that nobody knows.
    synchronized Optional<NameMessage> instead(Question question, Optional<NameMessage> answer, Instant now) {
        var meaning = answer.map(NameMessage::meaning).orElse(Meaning.UNKNOWN);
        return switch (meaning) {
            case IS_CUT -> Optional.empty();
            case HAS_IT -> {
                answers.put(question, new Kept(answer.orElseThrow(), now, null));
                yield Optional.empty();
            }
            case DENIES, UNKNOWN -> standIn(question, meaning == Meaning.DENIES, now);
        };
    }

    @GuardedBy("this") private Optional<NameMessage> standIn(Question question, boolean isDenied, Instant now) {
        var kept = answers.get(question);
        if (kept == null) {
            return Optional.empty();
        }
        var denied = kept.denied() == null && isDenied ? now : kept.denied();
        if (now.isAfter(kept.given().plus(SILENT))
                || (isDenied && denied != null && now.isAfter(denied.plus(DENIED)))) {
            answers.remove(question);
            return Optional.empty();
        }
        answers.put(question, new Kept(kept.answer(), kept.given(), denied));
        return Optional.of(kept.answer().living(SECONDS_TO_LIVE));
    }
}
