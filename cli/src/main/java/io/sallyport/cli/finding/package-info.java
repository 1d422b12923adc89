/// How findings look: with the source line and a caret for people, as JSON or SARIF for programs. In come
/// findings, made here by the analyzer or sent by a server; out comes text.
@NullMarked
package io.sallyport.cli.finding;

import org.jspecify.annotations.NullMarked;
