/// Tests of the commands that speak to config-service.
@NullMarked
package io.sallyport.cli.config;

import org.jspecify.annotations.NullMarked;
