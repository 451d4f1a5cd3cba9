// SPDX-License-Identifier: Apache-2.0
//
// Samples of the documents of `plan` and `doctor`.
#pragma once

#include "report/doctor.hpp"
#include "report/plan.hpp"

namespace rblwatch::report::samples {

PlanDoc plan();      // shares of all sizes, zones without limit, operator or pace
DoctorDoc doctor();  // all states, short and long
PlanDoc hostile_plan();
DoctorDoc hostile_doctor();

}  // namespace rblwatch::report::samples
