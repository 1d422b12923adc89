/// The revision log: what was accepted, when, by whom and why, and the configuration that follows from it.
/// In come [ChangeRequest]s; out come [Outcome]s and, for every revision, a new [ConfigState].
/// One thread owns the log; everyone else reads the state that it published last.
@NullMarked
package io.sallyport.config.store;

import org.jspecify.annotations.NullMarked;
