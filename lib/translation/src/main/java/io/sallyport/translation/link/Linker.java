package io.sallyport.translation.link;

import io.sallyport.analysis.CheckedImage;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.plan.ProxyPlan;

/// Makes plans for one class of proxies. An instance remembers its last plan, so that the next one costs what changed
/// and shares the rest; it belongs to one thread. Equal images get equal plans, whatever the instance saw before.
public final class Linker {

    private final ProxyClass proxy;
    private LinkState last = LinkState.EMPTY;
    private ClientState lastOfClient = ClientState.EMPTY;
    private Work work = Work.NONE;

    public Linker(ProxyClass proxy) {
        this.proxy = proxy;
    }

    /// A linker for another class that no object has told apart from this one so far: it goes on from the same plan.
    public Linker forClass(ProxyClass other) {
        var next = new Linker(other);
        next.last = last;
        next.lastOfClient = lastOfClient;
        return next;
    }

    /// What these proxies are to do.
    public ProxyPlan link(CheckedImage image) {
        return switch (proxy.role()) {
            case ROUTER -> {
                var draft = new LinkDraft(last, image.world(), proxy);
                last = draft.link();
                work = draft.work();
                yield last.plan();
            }
            case SIDECAR -> {
                var draft = new ClientDraft(lastOfClient, image.world(), proxy);
                lastOfClient = draft.link();
                work = draft.work();
                yield lastOfClient.plan();
            }
        };
    }

    /// What the last plan cost.
    public Work lastWork() {
        return work;
    }

    /// How many nodes were made anew: VirtualServices read, sites put together, upstreams built.
    public record Work(int rules, int sites, int upstreams) {

        static final Work NONE = new Work(0, 0, 0);
    }
}
