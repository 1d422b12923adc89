package io.sallyport.secret.sds;

import io.sallyport.secret.source.MountedFiles;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretState.Half;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// Where streams look: everything that is served, and who may have it. The newest of each is taken at every look.
public final class Shelf {

    private final Supplier<? extends Map<SecretName, SecretState>> secrets;
    private final Supplier<? extends Set<SecretName>> withdrawn;
    private final Optional<MountedFiles> files;
    private final Supplier<Lendings> lendings;

    /// `withdrawn` are the secrets that were taken away while this process looked.
    public Shelf(
            Supplier<? extends Map<SecretName, SecretState>> secrets,
            Supplier<? extends Set<SecretName>> withdrawn,
            Optional<MountedFiles> files,
            Supplier<Lendings> lendings) {
        this.secrets = secrets;
        this.withdrawn = withdrawn;
        this.files = files;
        this.lendings = lendings;
    }

    /// What a proxy gets. `node` is who asks.
    Found find(Wanted wanted, Node node) {
        var verdict = verdict(wanted, node);
        return switch (verdict) {
            case YES -> look(wanted);
            case NOT_YET -> new Found.NotYet();
            case NO -> new Found.Nothing();
            case NO_MORE -> new Found.Withdrawn();
        };
    }

    private Lendings.Verdict verdict(Wanted wanted, Node node) {
        if (wanted.file().isPresent()) {
            var file = wanted.file().get();
            var verdict = lendings.get().names(file, node);
            if (verdict != Lendings.Verdict.YES) {
                return verdict;
            }
            if (files.isEmpty() || !files.get().want(file)) {
                return Lendings.Verdict.NO;
            }
            return files.get().hasLooked(file) ? Lendings.Verdict.YES : Lendings.Verdict.NOT_YET;
        }
        return wanted.claim().isEmpty()
                ? Lendings.Verdict.YES
                : lendings.get().lends(wanted.claim().get(), node);
    }

    private Found look(Wanted wanted) {
        var states = secrets.get();
        for (var place : wanted.places()) {
            var state = states.get(place);
            if (state != null) {
                Half<?> half = wanted.isAuthority() ? state.trust() : state.certificate();
                return half instanceof Half.Absent<?> ? new Found.Withdrawn() : new Found.Here(half);
            }
        }
        var gone = withdrawn.get();
        return wanted.places().stream().anyMatch(gone::contains) ? new Found.Withdrawn() : new Found.Nothing();
    }
}
