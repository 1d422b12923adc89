package io.sallyport.analysis.serviceentry;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Labels;
import io.sallyport.model.Kind;
import io.sallyport.model.WorkloadEntry;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What serves: an endpoint of a ServiceEntry, or a WorkloadEntry of its own.
final class WorkloadRules {
    private static final int LONGEST_ACCOUNT = 253;
    private static final int LONGEST_PORT_NAME = 62;
    private static final int LONGEST_PLACE = 2_048;
    private static final int MOST_PORTS = 128;
    private static final int MOST_LABELS = 256;

    private WorkloadRules() {}

    static List<Rule<?>> all() {
        return List.of(new WorkloadIsValid(), new WorkloadHasAddress());
    }

    static boolean isRemote(WorkloadEntry workload) {
        return workload.address().isEmpty() && !workload.network().isEmpty();
    }

    /// What is wrong with one workload.
    ///
    /// @param servicePorts the ports it may name; null where no ServiceEntry is known
    static void check(At<WorkloadEntry> workload, @Nullable Set<String> servicePorts, boolean names, Report report) {
        var address = workload.value().address();
        if (address.isEmpty() && workload.value().network().isEmpty()) {
            report.at(workload, "no address (expected: an IP address%s)".formatted(names ? " or a host name" : ""));
            return;
        }
        if (address.startsWith(Addresses.UNIX)) {
            socket(workload, servicePorts, report);
        } else if (!address.isEmpty() && !Addresses.isAddress(address)) {
            if (!names || Hosts.nameProblem(address).isPresent()) {
                report.at(
                        workload.below("address"),
                        "address \"%s\" (expected: an IP address%s)"
                                .formatted(address, names ? " or a host name" : ""));
            }
        }
        ports(workload, servicePorts, report);
        identity(workload, report);
    }

    private static void socket(At<WorkloadEntry> workload, @Nullable Set<String> servicePorts, Report report) {
        var socket = workload.value().address().substring(Addresses.UNIX.length());
        if (socket.isEmpty()) {
            report.at(
                    workload.below("address"), "address \"unix://\" (expected: \"unix:///path\" or \"unix://@name\")");
        } else {
            Addresses.socketProblem(socket).ifPresent(problem -> report.at(workload.below("address"), problem));
        }
        if (!workload.value().ports().isEmpty()) {
            report.at(workload.below("ports"), "ports of a Unix socket (expected: none)");
        }
        if (servicePorts != null && servicePorts.size() != 1) {
            report.at(
                    workload.below("address"),
                    "a Unix socket for %d ports (expected: a ServiceEntry with one port)"
                            .formatted(servicePorts.size()));
        }
    }

    static void ports(At<WorkloadEntry> workload, @Nullable Set<String> servicePorts, Report report) {
        most(workload, "ports", workload.value().ports().size(), MOST_PORTS, report);
        workload.entries("ports", WorkloadEntry::ports).forEach(port -> {
            var name = port.path().name();
            if (servicePorts != null && !servicePorts.contains(name)) {
                report.at(
                        port,
                        "port \"%s\" (expected: a port of the ServiceEntry: %s)"
                                .formatted(name, servicePorts.stream().sorted().toList()));
            }
            if (name.length() > LONGEST_PORT_NAME) {
                report.at(port, "port name of %d characters (expected: at most 62)".formatted(name.length()));
            } else if (!Hosts.isLabel(name)) {
                report.at(port, "port name \"%s\" (expected: letters, digits and dashes)".formatted(name));
            }
            if (port.value() < 1 || port.value() > 65535) {
                report.at(port, "port %d (expected: 1 to 65535)".formatted(port.value()));
            }
        });
    }

    private static void most(At<WorkloadEntry> workload, String name, int size, int most, Report report) {
        if (size > most) {
            report.at(workload, "%d %s (expected: at most %d)".formatted(size, name, most));
        }
    }

    static void identity(At<WorkloadEntry> workload, Report report) {
        most(workload, "labels", workload.value().labels().size(), MOST_LABELS, report);
        most(workload, "characters of network", workload.value().network().length(), LONGEST_PLACE, report);
        most(workload, "characters of locality", workload.value().locality().length(), LONGEST_PLACE, report);
        serviceAccount(workload, report);
        workload.entries("labels", WorkloadEntry::labels)
                .forEach(label -> Labels.problem(label.path().name(), label.value())
                        .ifPresent(problem -> report.at(label, problem)));
    }

    static void serviceAccount(At<WorkloadEntry> workload, Report report) {
        int length = workload.value().serviceAccount().length();
        if (length > LONGEST_ACCOUNT) {
            report.at(
                    workload.below("serviceAccount"),
                    "name of %d characters (expected: at most 253)".formatted(length));
        }
    }

    /// SP1520: a workload that nobody can reach.
    static final class WorkloadIsValid extends ObjectRule<WorkloadEntry> {
        WorkloadIsValid() {
            super(
                    "SP1520",
                    ERROR,
                    "WorkloadEntry is not valid",
                    Kind.WORKLOAD_ENTRY,
                    WorkloadEntry.class,
                    new Page(
                            "The address is an IP address, a host name or a Unix socket; port names are DNS labels; labels are Kubernetes labels.",
                            "{address: \"a_b\"}",
                            "{address: a-b.test}"));
        }

        @Override
        public void check(At<WorkloadEntry> workload, Report report) {
            WorkloadRules.check(workload, null, true, report);
        }
    }

    /// SP4520: a workload by network only. Istio warns too.
    static final class WorkloadHasAddress extends ObjectRule<WorkloadEntry> {
        WorkloadHasAddress() {
            super(
                    "SP4520",
                    WARNING,
                    "WorkloadEntry has a network and no address",
                    Kind.WORKLOAD_ENTRY,
                    WorkloadEntry.class,
                    new Page(
                            "Without an address the workload is reached through its network's gateway only.",
                            "{network: far}",
                            "{network: far, address: 10.0.0.1}"));
        }

        @Override
        public void check(At<WorkloadEntry> workload, Report report) {
            if (isRemote(workload.value())) {
                report.at(
                        workload,
                        "no address in network \"%s\" (expected: address)"
                                .formatted(workload.value().network()));
            }
        }
    }
}
