package io.sallyport.model.gatewayapi;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.NotEmpty;
import io.sallyport.model.Required;
import io.sallyport.model.Unsigned;
import io.sallyport.model.Value;
import org.jspecify.annotations.Nullable;

/// Something that is done to a request, or to its answer, on the way. `type` says which member counts.
public record RouteFilter(
        @Required Type type,
        @Nullable HeaderModifier requestHeaderModifier,
        @Nullable HeaderModifier responseHeaderModifier,
        @Nullable Mirror requestMirror,
        @Nullable Redirect requestRedirect,
        @Nullable Rewrite urlRewrite,
        @Nullable Cors cors,
        @Nullable Extension extensionRef,
        Value.@Nullable Struct externalAuth) {

    /// What the filter does.
    public enum Type {
        RequestHeaderModifier,
        ResponseHeaderModifier,
        RequestMirror,
        RequestRedirect,
        URLRewrite,
        CORS,
        ExtensionRef,
        ExternalAuth
    }

    /// `set` overwrites, `add` appends, `remove` removes.
    public record HeaderModifier(ImmutableList<Header> set, ImmutableList<Header> add, ImmutableList<String> remove) {}

    /// One header.
    public record Header(
            @Required @NotEmpty String name,
            @Required @NotEmpty String value) {}

    /// Sends a copy; all of the requests, unless a share is said.
    public record Mirror(
            @Required @Nullable BackendReference backendRef,
            @Nullable Integer percent,
            @Nullable Fraction fraction) {}

    /// A share: `{numerator: 1, denominator: 4}`. An absent denominator is 100.
    public record Fraction(
            @Required int numerator, @Nullable Integer denominator) {}

    /// Answers with another place. What is not said is as in the request; an absent `statusCode` is 302.
    public record Redirect(
            @Nullable String scheme,
            String hostname,
            @Nullable PathModifier path,
            @Unsigned int port,
            @Unsigned int statusCode) {}

    /// Changes host and path on the way to the service.
    public record Rewrite(String hostname, @Nullable PathModifier path) {}

    /// Replaces the whole path, or what the rule's prefix matched.
    public record PathModifier(
            @Required PathChange type,
            @Nullable String replaceFullPath,
            @Nullable String replacePrefixMatch) {}

    /// What of the path is replaced.
    public enum PathChange {
        ReplaceFullPath,
        ReplacePrefixMatch
    }

    /// What browsers of other origins may do.
    public record Cors(
            ImmutableList<String> allowOrigins,
            @Nullable Boolean allowCredentials,
            ImmutableList<String> allowMethods,
            ImmutableList<String> allowHeaders,
            ImmutableList<String> exposeHeaders,
            @Unsigned int maxAge) {}

    /// A filter of somebody else's.
    public record Extension(
            String group, @Required String kind, @Required String name) {}
}
