# Median polish by R (stats::medpolish): Rscript medpolish.R > medpolish.csv
plate <- matrix(c(
  4820, 4690, 4955, 4760, 4880, 4735,
  4910, 4850, 4700, 5350, 4790, 4830,
  4600, 4745, 4890, 4985, 4655, 4720,
  5010, 4805, 4925, 5290, 4870, 4940), nrow = 4, byrow = TRUE)
fit <- medpolish(plate, eps = 1e-14, maxiter = 200, trace.iter = FALSE)
cat("part,values\n")
cat("overall,", sprintf("%.12g", fit$overall), "\n", sep = "")
cat("row,", paste(sprintf("%.12g", fit$row), collapse = " "), "\n", sep = "")
cat("col,", paste(sprintf("%.12g", fit$col), collapse = " "), "\n", sep = "")
