/// The commands that speak to xds-service: proxy-status and proxy-config, with the columns and the words that
/// `istioctl` has. In come names of proxies; out comes what they run.
@NullMarked
package io.sallyport.cli.proxy;

import org.jspecify.annotations.NullMarked;
