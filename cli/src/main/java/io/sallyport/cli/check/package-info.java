/// The command that needs no server. In come files; out comes what is wrong with them, alone and together.
@NullMarked
package io.sallyport.cli.check;

import org.jspecify.annotations.NullMarked;
