package io.sallyport.accesslog.receive;

import io.envoyproxy.envoy.data.accesslog.v3.ResponseFlags;
import java.util.StringJoiner;

/// Spells response flags as Envoy's text format does: `UF,URX`, in Envoy's order; no flag is the empty text.
/// Source: Envoy, `source/common/stream_info/utility.h` (`ResponseFlagUtils::CORE_RESPONSE_FLAGS`).
final class ResponseFlagNames {

    private ResponseFlagNames() {}

    static String of(ResponseFlags flags) {
        if (flags.equals(ResponseFlags.getDefaultInstance())) {
            return "";
        }
        var names = new StringJoiner(",");
        add(names, flags.getFailedLocalHealthcheck(), "LH");
        add(names, flags.getNoHealthyUpstream(), "UH");
        add(names, flags.getUpstreamRequestTimeout(), "UT");
        add(names, flags.getLocalReset(), "LR");
        add(names, flags.getUpstreamRemoteReset(), "UR");
        add(names, flags.getUpstreamConnectionFailure(), "UF");
        add(names, flags.getUpstreamConnectionTermination(), "UC");
        add(names, flags.getUpstreamOverflow(), "UO");
        add(names, flags.getNoRouteFound(), "NR");
        add(names, flags.getDelayInjected(), "DI");
        add(names, flags.getFaultInjected(), "FI");
        add(names, flags.getRateLimited(), "RL");
        add(names, flags.hasUnauthorizedDetails(), "UAEX");
        add(names, flags.getRateLimitServiceError(), "RLSE");
        add(names, flags.getDownstreamConnectionTermination(), "DC");
        add(names, flags.getUpstreamRetryLimitExceeded(), "URX");
        add(names, flags.getStreamIdleTimeout(), "SI");
        add(names, flags.getInvalidEnvoyRequestHeaders(), "IH");
        add(names, flags.getDownstreamProtocolError(), "DPE");
        add(names, flags.getUpstreamMaxStreamDurationReached(), "UMSDR");
        add(names, flags.getResponseFromCacheFilter(), "RFCF");
        add(names, flags.getNoFilterConfigFound(), "NFCF");
        add(names, flags.getDurationTimeout(), "DT");
        add(names, flags.getUpstreamProtocolError(), "UPE");
        add(names, flags.getNoClusterFound(), "NC");
        add(names, flags.getOverloadManager(), "OM");
        add(names, flags.getDnsResolutionFailure(), "DF");
        add(names, flags.getDownstreamRemoteReset(), "DR");
        return names.toString();
    }

    private static void add(StringJoiner names, boolean isSet, String name) {
        if (isSet) {
            names.add(name);
        }
    }
}
