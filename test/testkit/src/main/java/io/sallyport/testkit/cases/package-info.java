/// Cases on disk: `in.yaml` is the configuration, `traffic.yaml` what is sent and what must come back. In comes a
/// directory; out come typed steps, with the ports of the backends that really run put into the text.
@NullMarked
package io.sallyport.testkit.cases;

import org.jspecify.annotations.NullMarked;
