/// All of Sallyport on one machine: `up` wires every service into one process and keeps the Envoys as its children.
/// In come a directory of YAML and a data folder; out come open doors and lines that say what became live.
/// The only package that sees all services.
@NullMarked
package io.sallyport.standalone;

import org.jspecify.annotations.NullMarked;
