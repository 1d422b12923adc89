package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.model.Kind;
import io.sallyport.model.Value;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.Set;

/// SP4220: a session that is kept otherwise than was written. The field's form is free in Istio's schema, so
/// nothing of it is refused; it is read as the Gateway API's (GEP-1619).
final class SessionIsUnderstood extends ObjectRule<VirtualService> {

    private static final Set<String> FIELDS = ImmutableSet.of("sessionName", "type", "absoluteTimeout", "cookieConfig");
    private static final String DURATION = "(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?";

    SessionIsUnderstood() {
        super(
                "SP4220",
                WARNING,
                "Session is not kept as written",
                Kind.VIRTUAL_SERVICE,
                VirtualService.class,
                new Page(
                        "A session is kept by a Cookie or a Header of a name. A cookie that is Permanent needs an absoluteTimeout.",
                        "{hosts: [shop.test], http: [{sessionPersistence: {type: Ticket}, route: [{destination: {host: cart}}]}]}",
                        "{hosts: [shop.test], http: [{sessionPersistence: {type: Cookie}, route: [{destination: {host: cart}}]}]}"));
    }

    @Override
    public void check(At<VirtualService> service, Report report) {
        Walk.http(service)
                .flatMap(route -> route.field("sessionPersistence", HttpRoute::sessionPersistence))
                .forEach(session -> checkSession(session, report));
    }

    private static void checkSession(At<Value.Struct> session, Report report) {
        var fields = session.value().fields();
        fields.keySet().stream()
                .filter(name -> !FIELDS.contains(name))
                .forEach(name -> report.at(
                        session.below(name), "\"" + name + "\" has no effect (expected: one of " + FIELDS + ")"));
        var type = fields.get("type");
        if (type != null && !type.equals(new Value.Text("Cookie")) && !type.equals(new Value.Text("Header"))) {
            report.at(session.below("type"), text(type) + " is taken for Cookie (expected: Cookie or Header)");
        }
        var lifetime = fields.get("absoluteTimeout");
        boolean isTime = lifetime instanceof Value.Text(var text) && !text.isEmpty() && text.matches(DURATION);
        if (lifetime != null && !isTime) {
            report.at(
                    session.below("absoluteTimeout"),
                    text(lifetime) + " is no duration (expected: one such as \"1h\" or \"90s\")");
        }
        if (fields.get("cookieConfig") instanceof Value.Struct cookie) {
            checkCookie(session, cookie, isTime, report);
        }
    }

    private static void checkCookie(At<Value.Struct> session, Value.Struct cookie, boolean hasTime, Report report) {
        var type = cookie.fields().get("lifetimeType");
        boolean isPermanent = new Value.Text("Permanent").equals(type);
        var place = session.below("cookieConfig").field("lifetimeType");
        if (isPermanent && !hasTime) {
            report.at(place, "Permanent without a time lasts as long as the browser (expected: absoluteTimeout)");
        }
        if (type != null && !isPermanent && !type.equals(new Value.Text("Session"))) {
            report.at(place, text(type) + " is taken for Session (expected: Session or Permanent)");
        }
    }

    private static String text(Value value) {
        return value instanceof Value.Text(var text) ? "\"" + text + "\"" : value.toString();
    }
}
