package io.sallyport.secret.sds;

import io.sallyport.secret.store.FilePlace;
import io.sallyport.translation.LentSecret;

/// Which secrets of one namespace the configuration lends to gateways of another, and which files it names. An
/// immutable picture; there is a new one when the configuration changes.
public interface Lendings {

    /// For a service that follows no configuration: nothing is lent, and files are as free as their roots say.
    Lendings NONE = new Lendings() {

        @Override
        public Verdict lends(LentSecret claim, Node node) {
            return Verdict.NO;
        }

        @Override
        public Verdict names(FilePlace file, Node node) {
            return Verdict.YES;
        }

        @Override
        public boolean isGranted(LentSecret claim) {
            return false;
        }
    };

    /// Before the configuration has been seen: nobody is told anything.
    Lendings UNKNOWN = new Lendings() {

        @Override
        public Verdict lends(LentSecret claim, Node node) {
            return Verdict.NOT_YET;
        }

        @Override
        public Verdict names(FilePlace file, Node node) {
            return Verdict.NOT_YET;
        }

        @Override
        public boolean isGranted(LentSecret claim) {
            return false;
        }
    };

    /// Whether a proxy may have something.
    enum Verdict {
        YES,
        NO,
        /// It may not, and whoever has it from earlier must stop to use it.
        NO_MORE,
        NOT_YET
    }

    /// Whether the proxy may have a secret of another namespace for the server that the claim names.
    Verdict lends(LentSecret claim, Node node);

    /// Whether somebody lends it for that server, whoever asks.
    boolean isGranted(LentSecret claim);

    /// Whether the configuration names these files to the proxy.
    Verdict names(FilePlace file, Node node);
}
