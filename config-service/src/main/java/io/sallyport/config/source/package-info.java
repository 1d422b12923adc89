/// Sources that config-service watches by itself. In come the files of a directory as they change; out come revisions,
/// and for each change a [DirectoryEvent] that says what became of it.
@NullMarked
package io.sallyport.config.source;

import org.jspecify.annotations.NullMarked;
