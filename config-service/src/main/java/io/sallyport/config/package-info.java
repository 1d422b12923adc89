/// config-service: accepts, checks, versions and streams configuration. In come changes, by gRPC or from a watched
/// directory; out come numbered revisions. [ConfigServer] is its door, [Main] its process.
@NullMarked
package io.sallyport.config;

import org.jspecify.annotations.NullMarked;
