package io.sallyport.standalone;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

/// Reports static fields that can be written again.
final class OnlyFinalStatics extends ArchCondition<JavaClass> {

    OnlyFinalStatics() {
        super("have only final static fields");
    }

    @Override
    public void check(JavaClass one, ConditionEvents events) {
        for (var field : one.getFields()) {
            var modifiers = field.getModifiers();
            if (modifiers.contains(JavaModifier.STATIC)
                    && !modifiers.contains(JavaModifier.FINAL)
                    && !modifiers.contains(JavaModifier.SYNTHETIC)) {
                events.add(SimpleConditionEvent.violated(field, field.getFullName() + " is static and not final"));
            }
        }
    }
}
