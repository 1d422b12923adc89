/// `sallyport inject`: manifests come in, the same manifests with client proxies go out. Nothing is asked of a server.
@NullMarked
package io.sallyport.cli.inject;

import org.jspecify.annotations.NullMarked;
