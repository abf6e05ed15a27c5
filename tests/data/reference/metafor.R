# Random-effects means of log10 potencies by metafor (Viechtbauer 2010, J Stat Softw 36:3):
#   Rscript metafor.R > metafor.csv
# test = "adhoc" is the interval of Hartung and Knapp with its factor held at 1 or more.
suppressMessages(library(metafor))
sets <- list(
  close = list(x = c(-0.3188, -0.2366, -0.0223), se = c(0.05, 0.06, 0.04)),
  wide = list(x = c(0.9, 1.4, 1.1, 1.9), se = c(0.03, 0.05, 0.04, 0.08)),
  equal = list(x = c(2.01, 2.02, 2.00), se = c(0.1, 0.1, 0.1)),
  two = list(x = c(3.1, 3.4), se = c(0.05, 0.2)),
  six = list(x = c(-8.62, -8.7, -8.55, -8.66, -8.74, -8.59),
             se = c(0.02, 0.05, 0.03, 0.09, 0.04, 0.06))
)
cat("set,values,standard_errors,mean,lower,upper,tau2,i2,metafor\n")
for (name in names(sets)) {
  s <- sets[[name]]
  fit <- rma(yi = s$x, sei = s$se, method = "DL", test = "adhoc")
  cat(name, paste(s$x, collapse = " "), paste(s$se, collapse = " "),
      sprintf("%.12g", c(fit$beta, fit$ci.lb, fit$ci.ub, fit$tau2, fit$I2)),
      as.character(packageVersion("metafor")), sep = ",")
  cat("\n")
}
