// The difference between libpqxx 6.4 (Debian 12) and 7.10 (Debian 13), and nothing else: the rest
// of the store reads the same with both.
#pragma once

#include <cstddef>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/parameters.h"

namespace hwlab::store::bridge {

struct FinishConnection {
  void operator()(pqxx::internal::pq::PGconn* connection) const noexcept;
};
// A connection of libpq.
using RawConnection = std::unique_ptr<pqxx::internal::pq::PGconn, FinishConnection>;

}  // namespace hwlab::store::bridge

#if PQXX_VERSION_MAJOR < 7

template <>
struct pqxx::string_traits<hwlab::store::Parameter> {
  static constexpr const char* name() noexcept { return "parameter"; }
  static constexpr bool has_null() noexcept { return true; }
  static bool is_null(const hwlab::store::Parameter& parameter) { return !parameter.text; }
  static std::string to_string(const hwlab::store::Parameter& parameter) {
    return std::string(*parameter.text);
  }
};

namespace hwlab::store::bridge {

// A finished connection of libpq in libpqxx's hands. Version 6 has no call for that, but a
// connection policy that hands one out comes to the same.
class Connection final : private pqxx::connectionpolicy, public pqxx::connection_base {
 public:
  explicit Connection(RawConnection made)
      : pqxx::connectionpolicy(std::string{}),
        pqxx::connection_base(static_cast<pqxx::connectionpolicy&>(*this)),
        made_(std::move(made)) {
    try {
      init();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
      // Otherwise version 6 opens a new session after a loss, outside our transaction and without
      // our settings.
      inhibit_reactivation(true);
#pragma GCC diagnostic pop
    } catch (...) {
      close();  // which the base's destructor does not
      throw;
    }
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override {
    close();
  }

 private:
  handle do_startconnect(handle original) override {
    return original != nullptr ? original : made_.release();
  }
  handle do_completeconnect(handle original) override {
    return original;
  }

  RawConnection made_;
};

inline pqxx::result run_prepared(pqxx::transaction_base& transaction, const std::string& name,
                                 const Parameters& parameters) {
  return transaction.exec_prepared(name, pqxx::prepare::make_dynamic_params(parameters));
}

inline pqxx::result run_text(pqxx::transaction_base& transaction, const std::string& sql,
                             const Parameters& parameters) {
  return transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
}

// Version 6 sends in binary format only what it knows as a binary string.
inline std::vector<pqxx::binarystring> to_binary_strings(const Arrays& arrays) {
  std::vector<pqxx::binarystring> out;
  out.reserve(arrays.size());
  for (const ArrayParameter& array : arrays)
    out.emplace_back(array.bytes.data(), array.bytes.size());
  return out;
}

inline pqxx::result run_prepared(pqxx::transaction_base& transaction, const std::string& name,
                                 const Arrays& arrays) {
  const auto strings = to_binary_strings(arrays);
  return transaction.exec_prepared(name, pqxx::prepare::make_dynamic_params(strings));
}

inline pqxx::result run_text(pqxx::transaction_base& transaction, const std::string& sql,
                             const Arrays& arrays) {
  const auto strings = to_binary_strings(arrays);
  return transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(strings));
}

}  // namespace hwlab::store::bridge

#else

#if PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR < 10
#error "libpqxx 7 is needed from 7.10 on: earlier ones have no pqxx::prepped"
#endif

namespace hwlab::store::bridge {

class Connection final : public pqxx::connection {
 public:
  explicit Connection(RawConnection made)
      : pqxx::connection(pqxx::connection::seize_raw_connection(made.get())) {
    // Not before: a constructor of libpqxx that throws leaves it open.
    static_cast<void>(made.release());
  }
};

inline pqxx::params to_params(const Parameters& parameters) {
  pqxx::params out;
  out.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    if (parameter.text)
      out.append(std::string(*parameter.text));
    else
      out.append();
  }
  return out;
}

inline pqxx::params to_params(const Arrays& arrays) {
  pqxx::params out;
  out.reserve(arrays.size());
  for (const ArrayParameter& array : arrays) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(array.bytes.data());
    out.append(pqxx::bytes_view(bytes, array.bytes.size()));  // in binary format, and not copied
  }
  return out;
}

inline pqxx::result run_prepared(pqxx::transaction_base& transaction, const std::string& name,
                                 const Parameters& parameters) {
  return transaction.exec(pqxx::prepped{name}, to_params(parameters));
}

inline pqxx::result run_text(pqxx::transaction_base& transaction, const std::string& sql,
                             const Parameters& parameters) {
  return transaction.exec(sql, to_params(parameters));
}

inline pqxx::result run_prepared(pqxx::transaction_base& transaction, const std::string& name,
                                 const Arrays& arrays) {
  return transaction.exec(pqxx::prepped{name}, to_params(arrays));
}

inline pqxx::result run_text(pqxx::transaction_base& transaction, const std::string& sql,
                             const Arrays& arrays) {
  return transaction.exec(sql, to_params(arrays));
}

}  // namespace hwlab::store::bridge

#endif
