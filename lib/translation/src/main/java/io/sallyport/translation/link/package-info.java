/// From checked objects to a plan: host matching, precedence, ports, routes and upstreams, as Istio decides them.
/// In comes a [io.sallyport.analysis.CheckedImage]; out comes a [io.sallyport.translation.plan.ProxyPlan] that shares
/// what did not change. It reports nothing: what is wrong was said before.
@NullMarked
package io.sallyport.translation.link;

import org.jspecify.annotations.NullMarked;
