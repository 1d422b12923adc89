package io.sallyport.translation;

import io.sallyport.analysis.CheckedImage;
import io.sallyport.translation.emit.Emission;
import io.sallyport.translation.emit.Emitter;
import io.sallyport.translation.link.Linker;
import io.sallyport.translation.plan.ProxyPlan;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The door of this library: links and emits. An instance remembers its last answer for each class of proxies, so that
/// the next image costs what changed; it belongs to one thread. Equal input gives equal bytes, whatever it saw before.
public final class Translator {

    private final Map<ProxyClass, Line> lines = new HashMap<>();
    private final Emitter emitter = new Emitter();

    /// Everything that proxies of this class are to run.
    public EnvoyResources translate(CheckedImage image, ProxyClass proxy) {
        return lines.computeIfAbsent(proxy, Line::new).emit(emitter, image);
    }

    /// Does beforehand what [#translate] will do if this image comes next. If another comes, this one never
    /// was: what is withheld of that one keeps the version that was translated last.
    public void prepare(CheckedImage image, ProxyClass proxy) {
        lines.computeIfAbsent(proxy, Line::new).prepare(emitter, image);
    }

    /// What proxies of this class are to do, before it is spelled in Envoy's words.
    public ProxyPlan plan(CheckedImage image, ProxyClass proxy) {
        return lines.computeIfAbsent(proxy, Line::new).link(image);
    }

    /// Forgets what is remembered for a class that has no proxies any more.
    public void forget(ProxyClass proxy) {
        lines.remove(proxy);
    }

    /// What follows if this image comes next.
    private record Prepared(CheckedImage image, ProxyPlan plan, Emission emission) {}

    /// The memory for one class.
    private static final class Line {

        private final Linker linker;
        private @Nullable CheckedImage image;
        private ProxyPlan plan = ProxyPlan.EMPTY;
        private Emission emission = Emission.EMPTY;
        private @Nullable Prepared prepared;

        Line(ProxyClass proxy) {
            this.linker = new Linker(proxy);
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
            var ready = prepared;
            prepared = null;
            if (ready != null && ready.image() == next) {
                image = next;
                plan = ready.plan();
                emission = ready.emission();
                // As it is: what is emitted once more is no longer one step from what was served before.
                return emission.resources();
            }
            emission = emitter.emit(emission, link(next), next.image().revision());
            return emission.resources();
        }
    }
}
