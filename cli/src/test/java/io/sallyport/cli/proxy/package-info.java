/// Tests of what is shown of proxies.
@NullMarked
package io.sallyport.cli.proxy;

import org.jspecify.annotations.NullMarked;
