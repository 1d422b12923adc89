package io.sallyport.model.schema;

import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.Bytes;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.DeprecatedField;
import io.sallyport.model.Derived;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.EndpointSlice;
import io.sallyport.model.FieldName;
import io.sallyport.model.Gateway;
import io.sallyport.model.IntOrString;
import io.sallyport.model.Kind;
import io.sallyport.model.KnownFields;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.NotEmpty;
import io.sallyport.model.OneOf;
import io.sallyport.model.Platform;
import io.sallyport.model.Required;
import io.sallyport.model.Secret;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.Unsigned;
import io.sallyport.model.Value;
import io.sallyport.model.VirtualService;
import io.sallyport.model.WorkloadEntry;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The fields of every kind that Sallyport reads, by reflection over the records: one description for the
/// reader, the writer, "did you mean" and the generated pages.
public final class Schema {

    private static final Schema INSTANCE = new Schema();

    private final Map<Class<?>, RecordSchema> records = new HashMap<>();
    private final ImmutableMap<Kind, RecordSchema> kinds;
    private final RecordSchema mesh;

    private Schema() {
        var builder = ImmutableMap.<Kind, RecordSchema>builder();
        for (var kind : Kind.values()) {
            builder.put(kind, record(specOf(kind)));
        }
        kinds = builder.buildOrThrow();
        mesh = record(MeshConfig.class);
    }

    /// The record that holds the spec of a kind.
    public static Class<? extends Record> specOf(Kind kind) {
        return switch (kind) {
            case GATEWAY -> Gateway.class;
            case VIRTUAL_SERVICE -> VirtualService.class;
            case DESTINATION_RULE -> DestinationRule.class;
            case SERVICE_ENTRY -> ServiceEntry.class;
            case WORKLOAD_ENTRY -> WorkloadEntry.class;
            case WORKLOAD_GROUP -> io.sallyport.model.WorkloadGroup.class;
            case SIDECAR -> io.sallyport.model.Sidecar.class;
            case PROXY_CONFIG -> io.sallyport.model.ProxyConfig.class;
            case ENVOY_FILTER -> io.sallyport.model.EnvoyFilter.class;
            case TELEMETRY -> io.sallyport.model.Telemetry.class;
            case AUTHORIZATION_POLICY -> io.sallyport.model.AuthorizationPolicy.class;
            case REQUEST_AUTHENTICATION -> io.sallyport.model.RequestAuthentication.class;
            case PEER_AUTHENTICATION -> io.sallyport.model.PeerAuthentication.class;
            case WASM_PLUGIN -> io.sallyport.model.WasmPlugin.class;
            case SERVICE -> Service.class;
            case SECRET -> Secret.class;
            case CONFIG_MAP -> ConfigMap.class;
            case ENDPOINT_SLICE -> EndpointSlice.class;
            case GATEWAY_CLASS -> io.sallyport.model.gatewayapi.GatewayClass.class;
            case KUBERNETES_GATEWAY -> io.sallyport.model.gatewayapi.KubernetesGateway.class;
            case HTTP_ROUTE -> io.sallyport.model.gatewayapi.HttpRoute.class;
            case GRPC_ROUTE -> io.sallyport.model.gatewayapi.GrpcRoute.class;
            case TLS_ROUTE -> io.sallyport.model.gatewayapi.TlsRoute.class;
            case TCP_ROUTE -> io.sallyport.model.gatewayapi.TcpRoute.class;
            case REFERENCE_GRANT -> io.sallyport.model.gatewayapi.ReferenceGrant.class;
            case BACKEND_TLS_POLICY -> io.sallyport.model.gatewayapi.BackendTlsPolicy.class;
            case INGRESS -> io.sallyport.model.Ingress.class;
            case INGRESS_CLASS -> io.sallyport.model.IngressClass.class;
            case NAMESPACE -> io.sallyport.model.Namespace.class;
            case SECRET_GRANT -> io.sallyport.model.SecretGrant.class;
            case EGRESS_POLICY -> io.sallyport.model.EgressPolicy.class;
            case PLATFORM -> Platform.class;
        };
    }

    /// The fields of a kind's spec.
    public static RecordSchema of(Kind kind) {
        var schema = INSTANCE.kinds.get(kind);
        if (schema == null) {
            throw new IllegalStateException("no schema for " + kind);
        }
        return schema;
    }

    /// The fields of the mesh settings.
    public static RecordSchema mesh() {
        return INSTANCE.mesh;
    }

    /// Whether the fields of a kind stand beside `metadata` instead of under `spec`.
    public static boolean isFlat(Kind kind) {
        return switch (kind) {
            case ENDPOINT_SLICE, SECRET, CONFIG_MAP, PLATFORM -> true;
            default -> false;
        };
    }

    /// Whether a kind takes snake_case names too, as Istio's reader of protobuf JSON does.
    public static boolean takesSnakeCase(Kind kind) {
        return kind.group().endsWith("istio.io") || kind == Kind.PLATFORM;
    }

    /// `consecutive_5xx_errors` as `consecutive5xxErrors`, the way protobuf does it. A name that no message
    /// could have in its definition (`hosts_`) stays as it is, so that it is unknown.
    public static String camelCase(String name) {
        var text = new StringBuilder(name.length());
        var upper = false;
        for (var i = 0; i < name.length(); i++) {
            var c = name.charAt(i);
            if (c == '_') {
                if (i == 0 || i == name.length() - 1 || upper) {
                    return name;
                }
                upper = true;
            } else if (Ascii.isLowerCase(c) || (c >= '0' && c <= '9')) {
                text.append(upper ? Ascii.toUpperCase(c) : c);
                upper = false;
            } else {
                return name;
            }
        }
        return text.toString();
    }

    private RecordSchema record(Class<? extends Record> type) {
        var ready = records.get(type);
        if (ready != null) {
            return ready;
        }
        var components = type.getRecordComponents();
        var fields = new ArrayList<FieldSpec>();
        var accessors = new ArrayList<Method>();
        for (var i = 0; i < components.length; i++) {
            fields.add(field(components[i], i));
            accessors.add(components[i].getAccessor());
        }
        var schema = new RecordSchema(type, fields, groups(type), constructor(type, components), accessors);
        records.put(type, schema);
        return schema;
    }

    private static List<RecordSchema.Group> groups(Class<? extends Record> type) {
        return Arrays.stream(type.getAnnotationsByType(OneOf.class))
                .map(group -> new RecordSchema.Group(ImmutableList.copyOf(group.value())))
                .toList();
    }

    private static Constructor<? extends Record> constructor(
            Class<? extends Record> type, RecordComponent[] components) {
        try {
            return type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(type + " has no canonical constructor", e);
        }
    }

    private FieldSpec field(RecordComponent component, int position) {
        var named = component.getAnnotation(FieldName.class);
        var deprecated = component.getAnnotation(DeprecatedField.class);
        var known = component.getAnnotation(KnownFields.class);
        var derived = component.isAnnotationPresent(Derived.class);
        return new FieldSpec(
                named == null ? component.getName() : named.value(),
                type(component.getGenericType(), isUnsigned(component)),
                position,
                component.getAnnotatedType().isAnnotationPresent(Nullable.class),
                component.isAnnotationPresent(Required.class),
                component.isAnnotationPresent(NotEmpty.class),
                deprecated != null,
                deprecated == null ? "" : deprecated.value(),
                derived,
                known == null ? null : List.of(known.value()));
    }

    private static boolean isUnsigned(RecordComponent component) {
        return component.isAnnotationPresent(Unsigned.class);
    }

    private FieldType type(Type type, boolean unsigned) {
        if (type instanceof ParameterizedType generic) {
            var arguments = generic.getActualTypeArguments();
            if (generic.getRawType() == ImmutableList.class) {
                return new FieldType.ListOf(type(arguments[0], unsigned));
            }
            if (generic.getRawType() == ImmutableSortedMap.class && arguments[0] == String.class) {
                return new FieldType.MapOf(type(arguments[1], unsigned));
            }
            if (generic.getRawType() == ImmutableSortedSet.class) {
                return new FieldType.Keys();
            }
            throw new IllegalStateException(type + " (expected: ImmutableList, ImmutableSortedMap of String)");
        }
        return type instanceof Class<?> plain ? plain(plain, unsigned) : unsupported(type);
    }

    private FieldType plain(Class<?> type, boolean unsigned) {
        if (type == String.class) {
            return new FieldType.Text();
        }
        if (type == boolean.class || type == Boolean.class) {
            return new FieldType.Bool();
        }
        if (type == int.class || type == Integer.class) {
            return new FieldType.Whole(unsigned ? 0 : Integer.MIN_VALUE, Integer.MAX_VALUE, false);
        }
        if (type == long.class || type == Long.class) {
            return new FieldType.Whole(unsigned ? 0 : Long.MIN_VALUE, unsigned ? 0xFFFF_FFFFL : Long.MAX_VALUE, true);
        }
        if (type == double.class || type == Double.class) {
            return new FieldType.Real();
        }
        if (type == Duration.class) {
            return new FieldType.Span();
        }
        if (type == Bytes.class) {
            return new FieldType.Base64();
        }
        if (type == IntOrString.class) {
            return new FieldType.NumberOrName();
        }
        if (type == Value.class) {
            return new FieldType.Free();
        }
        if (type == Value.Struct.class) {
            return new FieldType.FreeStruct();
        }
        if (type.isEnum()) {
            return new FieldType.Choice(enumType(type));
        }
        return type.isRecord() ? new FieldType.Message(record(type.asSubclass(Record.class))) : unsupported(type);
    }

    @SuppressWarnings("unchecked")
    private static Class<? extends Enum<?>> enumType(Class<?> type) {
        return (Class<? extends Enum<?>>) type;
    }

    private static FieldType unsupported(Type type) {
        throw new IllegalStateException(type + " (expected: a type that the reader knows)");
    }
}
