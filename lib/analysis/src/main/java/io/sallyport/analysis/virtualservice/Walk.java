package io.sallyport.analysis.virtualservice;

import io.sallyport.analysis.At;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.Headers;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpMirrorPolicy;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.HttpRouteDestination;
import io.sallyport.model.VirtualService.L4MatchAttributes;
import io.sallyport.model.VirtualService.RouteDestination;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import io.sallyport.model.VirtualService.TlsRoute;
import java.util.stream.Stream;

/// The parts of a VirtualService that several rules look at, each with its path.
final class Walk {

    private Walk() {}

    static Stream<At<HttpRoute>> http(At<VirtualService> service) {
        return service.each("http", VirtualService::http);
    }

    static Stream<At<HttpMatchRequest>> matches(At<VirtualService> service) {
        return http(service).flatMap(route -> route.each("match", HttpRoute::match));
    }

    static Stream<At<TlsMatchAttributes>> tlsMatches(At<VirtualService> service) {
        return service.each("tls", VirtualService::tls).flatMap(route -> route.each("match", TlsRoute::match));
    }

    static Stream<At<L4MatchAttributes>> tcpMatches(At<VirtualService> service) {
        return service.each("tcp", VirtualService::tcp).flatMap(route -> route.each("match", TcpRoute::match));
    }

    static Stream<At<HttpRouteDestination>> httpDestinations(At<HttpRoute> route) {
        return route.each("route", HttpRoute::route);
    }

    static Stream<At<RouteDestination>> tlsDestinations(At<VirtualService> service) {
        return service.each("tls", VirtualService::tls).flatMap(route -> route.each("route", TlsRoute::route));
    }

    static Stream<At<RouteDestination>> tcpDestinations(At<VirtualService> service) {
        return service.each("tcp", VirtualService::tcp).flatMap(route -> route.each("route", TcpRoute::route));
    }

    /// Every place that names a service.
    static Stream<At<Destination>> destinations(At<VirtualService> service) {
        var http = http(service)
                .flatMap(route -> Stream.of(
                                httpDestinations(route)
                                        .flatMap(
                                                share -> share.field("destination", HttpRouteDestination::destination)),
                                route.field("mirror", HttpRoute::mirror),
                                route.each("mirrors", HttpRoute::mirrors)
                                        .flatMap(mirror -> mirror.field("destination", HttpMirrorPolicy::destination)))
                        .flatMap(part -> part));
        var other = Stream.concat(tlsDestinations(service), tcpDestinations(service))
                .flatMap(share -> share.field("destination", RouteDestination::destination));
        return Stream.concat(http, other);
    }

    /// Header operations of the rule and of each of its destinations.
    static Stream<At<Headers>> headers(At<HttpRoute> route) {
        return Stream.concat(
                route.field("headers", HttpRoute::headers),
                httpDestinations(route).flatMap(share -> share.field("headers", HttpRouteDestination::headers)));
    }

    /// Every comparison of a match whose prefix may not be empty: all but the path.
    static Stream<At<StringMatch>> comparisons(At<HttpMatchRequest> match) {
        return Stream.of(
                        match.entries("headers", HttpMatchRequest::headers),
                        match.entries("withoutHeaders", HttpMatchRequest::withoutHeaders),
                        match.field("scheme", HttpMatchRequest::scheme),
                        match.field("method", HttpMatchRequest::method),
                        match.field("authority", HttpMatchRequest::authority),
                        match.entries("queryParams", HttpMatchRequest::queryParams))
                .flatMap(part -> part);
    }

    /// Whether only gateways serve it: Istio's rules for hosts and claims differ for those.
    static boolean isGatewayOnly(VirtualService service) {
        return !service.gateways().isEmpty() && !service.gateways().contains("mesh");
    }
}
