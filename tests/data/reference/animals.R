# Reference values for the in-vivo analysis, from R. Run in this folder:
#   Rscript animals.R
# reads animals_input.csv and writes animals_expected.csv and animals_session.txt.
# Packages: multcomp, mvtnorm, psych, rstatix, survival (Debian: r-cran-*).
suppressMessages({ library(multcomp); library(mvtnorm); library(psych); library(rstatix); library(survival) })

input <- read.csv("animals_input.csv", stringsAsFactors = FALSE, colClasses = c(block = "character"))
out <- data.frame()
keep <- function(set, method, item, quantity, value) {
  out <<- rbind(out, data.frame(set = set, method = method, item = item, quantity = quantity,
                                value = sprintf("%.12g", as.numeric(value))))
}

set.seed(1)

# multcomp's own critical values are good to three digits only: these are integrated
# (product correlations) or, for adjusted means, solved on a tight multivariate t
exact_critical <- function(lambda, df) {
  inside <- function(t, s) sapply(s, function(x) {
    integrate(function(z) dnorm(z) * sapply(z, function(u) {
      prod(pnorm((t * x - lambda * u) / sqrt(1 - lambda^2)) -
           pnorm((-t * x - lambda * u) / sqrt(1 - lambda^2)))
    }), -9, 9, rel.tol = 1e-9, subdivisions = 500)$value
  })
  cdf <- function(t) integrate(function(s) inside(t, s) * 2 * df * s * dchisq(df * s^2, df),
                               1e-6, 4, rel.tol = 1e-9, subdivisions = 500)$value
  uniroot(function(t) cdf(t) - 0.95, c(1.9, 3.5), tol = 1e-9)$root
}
solved_critical <- function(correlation, df) {
  cdf <- function(t) {
    set.seed(1)
    pmvt(-rep(t, nrow(correlation)), rep(t, nrow(correlation)), df = df, corr = correlation,
         algorithm = GenzBretz(maxpts = 4e6, abseps = 1e-7, releps = 0))
  }
  uniroot(function(t) cdf(t) - 0.95, c(1.9, 3.5), tol = 1e-7)$root
}

for (set in c("balanced", "unequal", "blocks", "pca")) {
  d <- input[input$set == set, ]
  d$group <- factor(d$group, levels = unique(d$group))
  control <- levels(d$group)[1]
  model <- if (set == "blocks") lm(value ~ group + block, d) else lm(value ~ group, d)

  comparison <- glht(model, linfct = mcp(group = "Dunnett"))
  s <- summary(comparison, test = adjusted("single-step", maxpts = 1e6, abseps = 1e-8, releps = 0))
  n <- table(d$group)
  if (set == "blocks") {
    calpha <- solved_critical(cov2cor(vcov(comparison)), df.residual(model))
  } else {
    calpha <- exact_critical(sqrt(n[-1] / (n[-1] + n[1])), df.residual(model))
  }
  ci <- confint(comparison, calpha = calpha)
  for (i in seq_along(s$test$tstat)) {
    item <- levels(d$group)[i + 1]
    keep(set, "dunnett", item, "difference", s$test$coefficients[i])
    keep(set, "dunnett", item, "t", s$test$tstat[i])
    keep(set, "dunnett", item, "p", s$test$pvalues[i])
    keep(set, "dunnett", item, "lower", ci$confint[i, "lwr"])
    keep(set, "dunnett", item, "upper", ci$confint[i, "upr"])
  }
  keep(set, "dunnett", "", "critical", calpha)
  a <- anova(model)["group", ]
  if (set == "blocks") {
    a <- drop1(model, . ~ ., test = "F")["group", ]
    keep(set, "anova", "", "statistic", a[["F value"]])
    keep(set, "anova", "", "p", a[["Pr(>F)"]])
    next
  }
  keep(set, "anova", "", "statistic", a[["F value"]])
  keep(set, "anova", "", "p", a[["Pr(>F)"]])

  williams <- glht(model, linfct = mcp(group = contrMat(table(d$group), "Williams")), alternative = "less")
  w <- summary(williams, test = adjusted("single-step", maxpts = 1e6, abseps = 1e-8, releps = 0))
  for (i in seq_along(w$test$tstat)) {
    keep(set, "williams", i, "estimate", w$test$coefficients[i])
    keep(set, "williams", i, "t", w$test$tstat[i])
    keep(set, "williams", i, "p", w$test$pvalues[i])
    if (length(w$test$tstat) == 3) { # three statistics have an algorithm without chance
      inside <- pmvt(upper = rep(-w$test$tstat[i], 3), df = df.residual(model),
                     corr = cov2cor(vcov(williams)), algorithm = TVPACK(abseps = 1e-14))
      keep(set, "williams", i, "p_exact", 1 - inside)
    }
  }

  o <- oneway.test(value ~ group, d)
  keep(set, "welch", "", "statistic", o$statistic)
  keep(set, "welch", "", "df2", o$parameter[2])
  keep(set, "welch", "", "p", o$p.value)
  k <- kruskal.test(value ~ group, d)
  keep(set, "kruskal", "", "statistic", k$statistic)
  keep(set, "kruskal", "", "p", k$p.value)
  z <- abs(d$value - ave(d$value, d$group, FUN = median))
  bf <- anova(lm(z ~ d$group))
  keep(set, "brown_forsythe", "", "statistic", bf[1, "F value"])
  keep(set, "brown_forsythe", "", "p", bf[1, "Pr(>F)"])
  sh <- shapiro.test(residuals(model))
  keep(set, "shapiro", "", "statistic", sh$statistic)
  keep(set, "shapiro", "", "p", sh$p.value)

  gh <- games_howell_test(d, value ~ group, detailed = TRUE)
  for (i in seq_len(nrow(gh))) {
    item <- paste(gh$group2[i], gh$group1[i], sep = "|")
    keep(set, "games_howell", item, "df", gh$df[i])
    mine <- d$value[d$group == gh$group2[i]]; other <- d$value[d$group == gh$group1[i]]
    v <- var(mine) / length(mine) + var(other) / length(other)
    tt <- abs(mean(mine) - mean(other)) / sqrt(v)
    df <- v^2 / ((var(mine) / length(mine))^2 / (length(mine) - 1) +
                 (var(other) / length(other))^2 / (length(other) - 1))
    # rstatix rounds p; its own formula at full precision
    keep(set, "games_howell", item, "p_rounded", gh$p.adj[i])
    keep(set, "games_howell", item, "p", ptukey(tt * sqrt(2), nlevels(d$group), df, lower.tail = FALSE))
    if (gh$group1[i] == control) {
      m <- nlevels(d$group) - 1
      # independent numerators on one denominator: the studentised maximum modulus
      smm <- integrate(function(s) {
        (1 - (2 * pnorm(tt * s) - 1)^m) * 2 * df * s * dchisq(df * s^2, df)
      }, 0, Inf, rel.tol = 1e-10, abs.tol = 0, subdivisions = 2000)$value
      keep(set, "dunnett_t3", gh$group2[i], "p", smm)
    }
  }
  dt <- dunn_test(d, value ~ group, p.adjust.method = "none", detailed = TRUE)
  dt <- dt[dt$group1 == control, ]
  holm <- p.adjust(dt$p, "holm")
  for (i in seq_len(nrow(dt))) {
    keep(set, "dunn_holm", dt$group2[i], "statistic", dt$statistic[i])
    keep(set, "dunn_holm", dt$group2[i], "p", holm[i])
  }

  # Hedges' g with the limits of noncentral t, and Fieller's interval of % reduction
  msw <- sigma(model)^2; dfe <- df.residual(model); tq <- qt(0.975, dfe)
  x0 <- d$value[d$group == control]
  for (name in levels(d$group)[-1]) {
    x <- d$value[d$group == name]
    nu <- length(x) + length(x0) - 2
    sp <- sqrt(((length(x) - 1) * var(x) + (length(x0) - 1) * var(x0)) / nu)
    sc <- sqrt(1 / length(x) + 1 / length(x0)); tt <- (mean(x) - mean(x0)) / sp / sc
    j <- 1 - 3 / (4 * nu - 1)
    ncp <- function(p) uniroot(function(q) pt(tt, nu, q) - p, c(tt - 15, tt + 15), tol = 1e-12)$root
    if (abs(tt) < 15) {
      keep(set, "hedges_g", name, "value", j * tt * sc)
      keep(set, "hedges_g", name, "lower", j * sc * ncp(0.975))
      keep(set, "hedges_g", name, "upper", j * sc * ncp(0.025))
    }
    # the limits are the ratios r for which m - r m0 is just not different from zero
    edge <- function(r) (mean(x) - r * mean(x0))^2 - tq^2 * msw * (1 / length(x) + r^2 / length(x0))
    r <- mean(x) / mean(x0)
    keep(set, "reduction", name, "value", 100 * (1 - r))
    keep(set, "reduction", name, "lower", 100 * (1 - uniroot(edge, c(r, r + 2), tol = 1e-14)$root))
    keep(set, "reduction", name, "upper", 100 * (1 - uniroot(edge, c(r - 2, r), tol = 1e-14)$root))
  }
}

# % antagonism: limits from the test of D - C - r (V - C), and the dose-response by nls
d <- input[input$set == "pca", ]
m <- tapply(d$value, d$group, mean)
n <- tapply(d$value, d$group, length)
model <- lm(value ~ group, d); msw <- sigma(model)^2; tq <- qt(0.975, df.residual(model))
for (name in c("dose1", "dose3", "dose10")) {
  r0 <- (m[name] - m["PCA"]) / (m["Vehicle"] - m["PCA"])
  edge <- function(r) {
    (m[name] - (1 - r) * m["PCA"] - r * m["Vehicle"])^2 -
      tq^2 * msw * (1 / n[name] + (1 - r)^2 / n["PCA"] + r^2 / n["Vehicle"])
  }
  keep("pca", "antagonism", name, "value", 100 * r0)
  keep("pca", "antagonism", name, "lower", 100 * uniroot(edge, c(r0 - 1, r0), tol = 1e-14)$root)
  keep("pca", "antagonism", name, "upper", 100 * uniroot(edge, c(r0, r0 + 1), tol = 1e-14)$root)
}
d$dose <- c(Vehicle = 1e30, PCA = 1e-30, dose1 = 1, dose3 = 3, dose10 = 10)[d$group]
fit <- nls(value ~ C + (V - C) / (1 + exp(h * log(10) * (le - log10(dose)))), d,
           start = list(C = 302, V = 789, le = 0.48, h = 1.6), control = nls.control(tol = 1e-7, minFactor = 1e-10))
one <- nls(value ~ C + (V - C) / (1 + exp(log(10) * (le - log10(dose)))), d,
           start = list(C = 300, V = 790, le = 0.5), control = nls.control(tol = 1e-7, minFactor = 1e-10))
limits <- suppressMessages(confint(fit, "le"))
keep("pca", "ed50", "", "ed50", 10^coef(fit)["le"])
keep("pca", "ed50", "", "hill", coef(fit)["h"])
keep("pca", "ed50", "", "ss", deviance(fit))
keep("pca", "ed50", "", "lower", 10^limits[1])
keep("pca", "ed50", "", "upper", 10^limits[2])
keep("pca", "ed50", "slope 1", "ed50", 10^coef(one)["le"])
keep("pca", "ed50", "slope 1", "ss", deviance(one))

# agreement of scorers
s <- input[input$set == "scorers", ]
scores <- do.call(cbind, split(s$value, factor(s$group, unique(s$group))))
icc <- suppressWarnings(suppressMessages(ICC(scores, lmer = FALSE)))$results
for (type in c("ICC1", "ICC2", "ICC3")) {
  row <- icc[icc$type == type, ]
  keep("scorers", "icc", type, "value", row$ICC)
  keep("scorers", "icc", type, "lower", row[["lower bound"]])
  keep("scorers", "icc", type, "upper", row[["upper bound"]])
}

# levels below the limit of quantification
d <- input[input$set == "censored", ]
d$group <- factor(d$group, levels = unique(d$group))
fit <- survreg(Surv(value, !as.logical(below), type = "left") ~ 0 + group, d, dist = "gaussian",
               control = survreg.control(rel.tolerance = 1e-12, maxiter = 200))
for (i in seq_along(levels(d$group))) {
  keep("censored", "tobit", levels(d$group)[i], "mean", coef(fit)[i])
  keep("censored", "tobit", levels(d$group)[i], "variance", vcov(fit)[i, i])
}
keep("censored", "tobit", "", "sigma", fit$scale)

write.csv(out, "animals_expected.csv", row.names = FALSE, quote = FALSE)
packages <- c("multcomp", "mvtnorm", "psych", "rstatix", "survival")
writeLines(c(R.version.string, sapply(packages, function(p) paste(p, packageVersion(p)))),
           "animals_session.txt")
