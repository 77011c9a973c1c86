#pragma once
// Kubernetes' Status: what went wrong, for programs and for people (apimachinery/pkg/api/errors/errors.go).

#include "api/kinds.hpp"

#include <reeve/core/validate.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::api {

struct Cause {
  std::string reason;
  std::string message;
  std::string field;
};

struct Status {
  int code = 200;
  std::string_view reason;  // empty for success
  std::string message;
  std::string name;        // of the object meant
  std::string kind;        // "pods"
  std::string_view group;  // "apps"
  std::vector<Cause> causes;
  std::string uid = {};  // of the object meant

  std::string json() const;
};

Status bad_request(std::string message);
Status not_found(const KindInfo& kind, const std::string& name);
Status no_such_path();
Status already_exists(const KindInfo& kind, const std::string& name);
Status conflict(const KindInfo& kind, const std::string& name, std::string why = {});
Status invalid(const KindInfo& kind, const std::string& name, const std::vector<FieldError>& errors);
Status method_not_allowed();
Status forbidden(std::string message);
Status expired();
Status not_kept(const std::string& problem);
Status of_http(int code, std::string message);  // 413, 431 and their like
Status success(const KindInfo& kind, const std::string& name, std::string uid = {});

}  // namespace reeve::api
