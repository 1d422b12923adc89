/// The command about TLS secrets: in come states from secret-service, out goes a table. Keys never come here.
@NullMarked
package io.sallyport.cli.secret;

import org.jspecify.annotations.NullMarked;
