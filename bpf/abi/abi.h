// The one vocabulary of the data path and the control plane: clang compiles it into the programs, Swift imports it.
//
// Everything here is fixed width, little-endian where it is a number and network order where a comment says so, with
// padding written out, because both sides must see the same bytes.
#pragma once

#include "config.h"
#include "flow.h"
#include "hash.h"
#include "image.h"
#include "outcome.h"
#include "report.h"
