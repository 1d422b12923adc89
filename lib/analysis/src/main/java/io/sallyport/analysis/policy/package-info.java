/// Rules about policies: Telemetry, the `security` kinds, WasmPlugin, EnvoyFilter, ProxyConfig. In comes one
/// object; out come findings. The door is [io.sallyport.analysis.policy.PolicyRules].
@NullMarked
package io.sallyport.analysis.policy;

import org.jspecify.annotations.NullMarked;
