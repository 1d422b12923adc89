package io.sallyport.translation;

import io.sallyport.analysis.CheckedImage;
import io.sallyport.translation.emit.Emission;
import io.sallyport.translation.emit.Emitter;
import io.sallyport.translation.link.LabelUse;
import io.sallyport.translation.link.Linker;
import io.sallyport.translation.plan.ProxyPlan;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The door of this library: links and emits. An instance remembers its last answer for each class of proxies, so that
/// the next image costs what changed; it belongs to one thread. Equal input gives equal bytes, whatever it saw before.
///
/// Classes that no object tells apart share one answer: a thousand workloads cost what one does.
public final class Translator {

    // By class as proxies say it, and by what of it objects ask about. The former's values are the latter's.
    private final Map<ProxyClass, Line> lines = new HashMap<>();
    private final Map<ProxyClass, Line> shared = new HashMap<>();
    private final LabelUse labels = new LabelUse();
    private final Emitter emitter = new Emitter();

    /// Everything that proxies of this class are to run.
    public EnvoyResources translate(CheckedImage image, ProxyClass proxy) {
        return line(image, proxy).emit(emitter, image);
    }

    /// Does beforehand what [#translate] will do if this image comes next. If another comes, this one never
    /// was: what is withheld of that one keeps the version that was translated last.
    public void prepare(CheckedImage image, ProxyClass proxy) {
        line(image, proxy).prepare(emitter, image);
    }

    /// What proxies of this class are to do, before it is spelled in Envoy's words.
    public ProxyPlan plan(CheckedImage image, ProxyClass proxy) {
        return line(image, proxy).link(image);
    }

    /// Forgets what is remembered for a class that has no proxies any more.
    public void forget(ProxyClass proxy) {
        var line = lines.remove(proxy);
        if (line != null && !lines.containsValue(line)) {
            shared.remove(labels.told(proxy));
        }
    }

    // An image may tell apart what shared an answer. All part before one of them goes on: each from that answer.
    private Line line(CheckedImage image, ProxyClass proxy) {
        if (labels.grow(image)) {
            shared.clear();
            lines.replaceAll((said, line) -> shared.computeIfAbsent(labels.told(said), line::forClass));
        }
        return lines.computeIfAbsent(proxy, said -> shared.computeIfAbsent(labels.told(said), Line::new));
    }

    /// What follows if this image comes next.
    private record Prepared(CheckedImage image, ProxyPlan plan, Emission emission) {}

    /// The memory for one class.
    private static final class Line {

        private final ProxyClass proxy;
        private final Linker linker;
        private @Nullable CheckedImage image;
        private @Nullable CheckedImage emitted;
        private ProxyPlan plan = ProxyPlan.EMPTY;
        private Emission emission = Emission.EMPTY;
        private @Nullable Prepared prepared;

        Line(ProxyClass proxy) {
            this(proxy, new Linker(proxy));
        }

        private Line(ProxyClass proxy, Linker linker) {
            this.proxy = proxy;
            this.linker = linker;
        }

        // What was prepared is left out: it is made once more.
        Line forClass(ProxyClass other) {
            if (other.equals(proxy)) {
                return this;
            }
            var line = new Line(other, linker.forClass(other));
            line.image = image;
            line.emitted = emitted;
            line.plan = plan;
            line.emission = emission;
            return line;
        }

        ProxyPlan link(CheckedImage next) {
            if (image != next) {
                plan = linked(next);
                image = next;
            }
            return plan;
        }

        private ProxyPlan linked(CheckedImage next) {
            return PlanInvariants.checked(linker.link(next), plan);
        }

        void prepare(Emitter emitter, CheckedImage next) {
            if (image != next && (prepared == null || prepared.image() != next)) {
                var nextPlan = linked(next);
                prepared = new Prepared(
                        next,
                        nextPlan,
                        emitter.emit(emission, nextPlan, next.image().revision()));
            }
        }

        EnvoyResources emit(Emitter emitter, CheckedImage next) {
            // As it is: what is emitted once more is no longer one step from what was served before.
            if (emitted == next) {
                return emission.resources();
            }
            var ready = prepared;
            prepared = null;
            if (ready != null && ready.image() == next) {
                image = next;
                plan = ready.plan();
                emission = ready.emission();
            } else {
                emission = emitter.emit(emission, link(next), next.image().revision());
            }
            emitted = next;
            return emission.resources();
        }
    }
}
