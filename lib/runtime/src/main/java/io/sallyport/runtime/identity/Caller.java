package io.sallyport.runtime.identity;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// The caller of the current call, for services that must know whose objects a request names before they can
/// say what is needed. Where no [Guard] stands in front (in one process, on a Unix socket) it is the owner of
/// the machine.
public final class Caller {

    private static final int MOST_KEPT = 1_000;
    private static final int AT_ONCE = 20;
    private static final Context.Key<Caller> KEY =
            Context.keyWithDefault("sallyport-identity", new Caller(new Identity.Local(), Authorizer.NOBODY));

    private final Identity identity;
    private final Authorizer authorizer;
    private volatile List<Access> kept = List.of();
    private final AtomicInteger place = new AtomicInteger();

    Caller(Identity identity, Authorizer authorizer) {
        this.identity = identity;
        this.authorizer = authorizer;
    }

    /// Of the call that this thread answers.
    public static Caller current() {
        return KEY.get();
    }

    Context into(Context context) {
        return context.withValue(KEY, this);
    }

    /// Who it is.
    public Identity identity() {
        return identity;
    }

    /// Whether everything is allowed without a question: to the owner, and to services, which the table of
    /// methods has let this far.
    public boolean isUnbound() {
        return switch (identity) {
            case Identity.Local _, Identity.Service _ -> true;
            case Identity.Workload _, Identity.User _ -> false;
        };
    }

    /// Whether the caller may do this. Ends the call with `UNAVAILABLE` if nobody can say.
    public boolean may(Access what) {
        if (isUnbound()) {
            return true;
        }
        try {
            return authorizer.may(identity, what);
        } catch (Authorizer.UnavailableException e) {
            throw unavailable(e);
        }
    }

    /// Ends the call with `PERMISSION_DENIED` unless the caller may do all of these. What is in the way is
    /// named by what the caller asked for, so the text is the same whether or not it exists.
    public void require(Collection<Access> all) {
        for (var what : all) {
            if (!may(what)) {
                throw denied(what).asRuntimeException();
            }
        }
    }

    /// The same for one.
    public void require(Access what) {
        require(List.of(what));
    }

    /// In which namespaces the caller may do this; empty: in all of them.
    public Optional<SortedSet<String>> namespaces(Access what) {
        if (isUnbound()) {
            return Optional.empty();
        }
        try {
            return authorizer.namespaces(identity, what);
        } catch (Authorizer.UnavailableException e) {
            throw unavailable(e);
        }
    }

    Status denied(Access what) {
        return Status.PERMISSION_DENIED.withDescription(identity + " may not " + what);
    }

    /// Says what the caller has to be allowed as long as this call lasts: a stream ends at the latest when all of these
    /// have been asked about again.
    public synchronized void mustKeep(Collection<Access> all) {
        if (!isUnbound()) {
            kept = Stream.concat(kept.stream(), all.stream())
                    .distinct()
                    .limit(MOST_KEPT)
                    .toList();
        }
    }

    /// Something that was allowed and is not any more. Asks about a few each time, one after the other in
    /// turns, since a caller of a thousand namespaces would cost as many questions.
    Optional<Access> lost() throws Authorizer.UnavailableException {
        var all = kept;
        for (int n = 0; n < Math.min(all.size(), AT_ONCE); n++) {
            var what = all.get(Math.floorMod(place.getAndIncrement(), all.size()));
            if (!authorizer.may(identity, what)) {
                return Optional.of(what);
            }
        }
        return Optional.empty();
    }

    static StatusRuntimeException unavailable(Authorizer.UnavailableException e) {
        return Status.UNAVAILABLE
                .withDescription("who calls cannot be told now: " + e.getMessage())
                .asRuntimeException();
    }
}
