package io.sallyport.xds.status;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.xds.discovery.Fleet;
import io.sallyport.xds.publish.Publisher;
import java.util.Locale;

/// How many proxies are where: counted when somebody asks, never named.
public final class FleetMeters {

    private enum State {
        /// Has taken the newest revision whole, refusals aside.
        CURRENT,
        /// Has not yet.
        BEHIND
    }

    private final Publisher publisher;
    private final Fleet fleet;

    public FleetMeters(Publisher publisher, Fleet fleet) {
        this.publisher = publisher;
        this.fleet = fleet;
    }

    /// Registers the gauges.
    public void register(MeterRegistry meters) {
        for (var state : State.values()) {
            Gauge.builder("sallyport_xds_proxies", this, each -> each.count(state))
                    .description("Connected proxies, by whether they have taken the newest revision.")
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .register(meters);
        }
        Gauge.builder("sallyport_xds_proxies_refusing", this, FleetMeters::refusing)
                .description("Connected proxies that refuse something of what they are to run now.")
                .register(meters);
        Gauge.builder("sallyport_xds_oldest_revision", this, FleetMeters::oldest)
                .description(
                        "The revision of the connected proxy that is furthest behind; the newest if there is none.")
                .register(meters);
    }

    private double count(State state) {
        long newest = publisher.revision();
        return fleet.proxies().stream()
                .filter(proxy -> proxy.lost() == null)
                .filter(proxy -> (proxy.view().revision() >= newest ? State.CURRENT : State.BEHIND) == state)
                .count();
    }

    private double refusing() {
        return fleet.proxies().stream()
                .filter(proxy -> proxy.lost() == null)
                .filter(proxy -> !proxy.refused().isEmpty())
                .count();
    }

    private double oldest() {
        return fleet.proxies().stream()
                .filter(proxy -> proxy.lost() == null)
                .mapToLong(proxy -> proxy.view().revision())
                .min()
                .orElse(publisher.revision());
    }
}
