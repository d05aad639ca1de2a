#pragma once
// The contract of a column scheme: what it needs, what it gives, how it is run (docs/how_to/add_a_scheme.md).

#include <concepts>
#include <memory>
#include <span>
#include <string_view>

#include "grid/field_catalog.hpp"

namespace meridian {

enum class Use { reads, updates, writes };

/// One field that a scheme uses, and how.
struct FieldUse {
  Use use;
  const FieldInfo* field;
};
/// The state, read-only.
constexpr FieldUse reads(const FieldInfo& field) { return {Use::reads, &field}; }
/// Reads the state and adds to its tendency; never assigns, never touches the state itself.
constexpr FieldUse updates(const FieldInfo& field) { return {Use::updates, &field}; }
/// A diagnostic or boundary flux that this scheme alone owns.
constexpr FieldUse writes(const FieldInfo& field) { return {Use::writes, &field}; }

class Columns;  // hands out reads as ConstField, updates as tendencies, writes as own fields

/// name, meaning, source: words for `meridian list schemes` and `describe`. fields: everything it uses. options: the
/// settings, with visit(). run(columns, dt): adds to tendencies [per second] and fills what it writes; dt [s].
template <class Scheme>
concept Parameterization =
    std::default_initializable<Scheme> && std::copyable<Scheme> &&
    requires(Scheme scheme, const Scheme same, OptionVisitor& option, Columns& columns, double dt) {
      { Scheme::name } -> std::convertible_to<std::string_view>;
      { Scheme::meaning } -> std::convertible_to<std::string_view>;
      { Scheme::source } -> std::convertible_to<std::string_view>;
      { std::span<const FieldUse>(Scheme::fields) };
      { scheme.options.visit(option) };
      { same.run(columns, dt) };
    };

/// A scheme of any type with its options: what the suite holds. Made by any_scheme().
class AnyScheme {
 public:
  virtual ~AnyScheme() = default;
  virtual std::unique_ptr<AnyScheme> copy() const = 0;
  virtual void visit_options(OptionVisitor& option) = 0;
  virtual void run(Columns& columns, double dt) const = 0;

  const std::string_view name, meaning, source;
  const std::span<const FieldUse> fields;

 protected:
  AnyScheme(std::string_view name, std::string_view meaning, std::string_view source, std::span<const FieldUse> fields)
      : name(name), meaning(meaning), source(source), fields(fields) {}
};

template <Parameterization Scheme>
class SchemeOf final : public AnyScheme {
 public:
  explicit SchemeOf(const Scheme& scheme)
      : AnyScheme(Scheme::name, Scheme::meaning, Scheme::source, Scheme::fields), scheme_(scheme) {}
  std::unique_ptr<AnyScheme> copy() const override { return std::make_unique<SchemeOf>(scheme_); }
  void visit_options(OptionVisitor& option) override { scheme_.options.visit(option); }
  void run(Columns& columns, double dt) const override { scheme_.run(columns, dt); }

 private:
  Scheme scheme_;
};

template <Parameterization Scheme>
std::unique_ptr<AnyScheme> any_scheme(const Scheme& scheme) {
  return std::make_unique<SchemeOf<Scheme>>(scheme);
}

}  // namespace meridian
